'use strict';
// Functions that are reached through an exported object, such as `resolvers.Query.member`. Reads; never runs project code.

const DEEPEST = 3;

/** Every function in an object that `node` is or names: [path, node]. */
function functionsIn(look, node, path, depth = 0) {
  const { ts } = look;
  const object = objectOf(look, node);
  if (!object || depth >= DEEPEST) return [];
  return object.properties.flatMap((one) => {
    if (ts.isSpreadAssignment(one)) return functionsIn(look, one.expression, path, depth + 1);
    if (!one.name || !(ts.isIdentifier(one.name) || ts.isStringLiteral(one.name))) return [];
    const own = [...path, one.name.text];
    if (ts.isMethodDeclaration(one)) return [[own, one]];
    const value = ts.isPropertyAssignment(one) ? bare(ts, one.initializer) : ts.isShorthandPropertyAssignment(one) ? one.name : null;
    if (value && (ts.isArrowFunction(value) || ts.isFunctionExpression(value))) return [[own, value]];
    return value ? functionsIn(look, value, own, depth + 1) : [];
  });
}

/** The object literal that an expression is, or that a constant of the same file holds. */
function objectOf({ ts, checker, source }, node) {
  const own = node && bare(ts, node);
  if (!own || ts.isObjectLiteralExpression(own)) return own;
  if (!ts.isIdentifier(own)) return null;
  const parent = own.parent;
  const symbol = ts.isShorthandPropertyAssignment(parent) ? checker.getShorthandAssignmentValueSymbol(parent) : checker.getSymbolAtLocation(own);
  const from = symbol?.valueDeclaration;
  if (!from || !ts.isVariableDeclaration(from) || !from.initializer || from.getSourceFile() !== source) return null;
  const made = bare(ts, from.initializer);
  return ts.isObjectLiteralExpression(made) ? made : null;
}

/** An expression without what only tells its type. */
function bare(ts, node) {
  // Compilers before 4.9 know no `satisfies`.
  const isWrapped = ts.isAsExpression(node) || ts.isSatisfiesExpression?.(node) || ts.isParenthesizedExpression(node);
  return isWrapped ? bare(ts, node.expression) : node;
}

module.exports = { bare, functionsIn, objectOf };
