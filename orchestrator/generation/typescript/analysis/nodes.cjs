'use strict';
// Questions that several analyses ask of a type or a node.

const OWN = { FastifyInstance: 'instance', FastifyRequest: 'request', FastifyReply: 'reply' };

/** Whether a type is Fastify's server, its request or its reply; null if it is none. */
function serverPart(type) {
  if (type.aliasSymbol?.getName() === 'Pick' && type.aliasTypeArguments?.[0]) return serverPart(type.aliasTypeArguments[0]);
  return OWN[type.symbol?.getName()] ?? OWN[type.aliasSymbol?.getName()] ?? null;
}

/** The value of a property of an object literal. */
function propertyOf(ts, node, name) {
  if (!node || !ts.isObjectLiteralExpression(node)) return undefined;
  const found = node.properties.find((one) => one.name?.getText() === name);
  if (found && ts.isMethodDeclaration(found)) return found;
  return found && (ts.isPropertyAssignment(found) ? found.initializer : found.name);
}

module.exports = { serverPart, propertyOf };
