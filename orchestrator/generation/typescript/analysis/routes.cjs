'use strict';
// The routes that a plugin registers, and what their handlers take a request to contain. Reads; never runs project code.

const { treeOf } = require('../types.cjs');
const { fold } = require('./constants.cjs');
const { propertyOf, serverPart } = require('./nodes.cjs');
const { schemaOfTree, schemaOfZod } = require('./schemas.cjs');

const VERBS = ['get', 'post', 'put', 'patch', 'delete', 'head', 'options', 'all'];
const PARTS = { body: 'body', query: 'query', querystring: 'query', params: 'params' };

/** By `POST /path`, what the handler takes its request to contain. */
function routesOf(look) {
  const { ts, checker, source } = look;
  const routes = {};
  const visit = (node) => {
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) && serverPart(checker.getTypeAtLocation(node.expression.expression)) === 'instance') {
      const verb = node.expression.name.text;
      const [first, second] = node.arguments;
      const handler = node.arguments[node.arguments.length - 1];
      if (VERBS.includes(verb) && first) routes[`${verb.toUpperCase()} ${fold(look, first)}`] = partsOf(look, handler, second);
      if (verb === 'route' && first && ts.isObjectLiteralExpression(first)) {
        const own = (name) => propertyOf(ts, first, name);
        routes[`${fold(look, own('method') ?? first)} ${fold(look, own('url') ?? first)}`] = partsOf(look, own('handler'), first);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return routes;
}

function partsOf(look, handler, options) {
  const { ts, checker } = look;
  const parts = {};
  const declared = options && propertyOf(ts, options, 'schema');
  for (const [name, part] of Object.entries(PARTS)) {
    const schema = declared && schemaOfZod(look, propertyOf(ts, declared, name));
    if (schema) parts[part] = schema;
  }
  const signature = handler && checker.getTypeAtLocation(handler).getCallSignatures()[0];
  const [request] = signature?.parameters ?? [];
  if (!request) return parts;
  const type = checker.getTypeOfSymbolAtLocation(request, handler);
  for (const part of ['body', 'query', 'params']) {
    const property = type.getProperty(part);
    const tree = property && treeOf(ts, checker, checker.getTypeOfSymbolAtLocation(property, handler), handler);
    if (tree && tree.k !== 'any' && !parts[part]) parts[part] = schemaOfTree(tree);
  }
  const body = ts.isIdentifier(handler) ? handler : handler.body;
  if (body) Object.assign(parts, readOf(look, body, request.getName()));
  return parts;
}

/** What a handler makes of parts of its request: `schema.parse(request.body)`, `request.body as Type`. */
function readOf(look, body, request) {
  const { ts, checker } = look;
  const parts = {};
  const partIn = (node) => node && ts.isPropertyAccessExpression(node) && node.expression.getText() === request && PARTS[node.name.text];
  const visit = (node) => {
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) && /^(safe)?parse(Async)?$/i.test(node.expression.name.text)) {
      const part = partIn(node.arguments[0]);
      const schema = part && schemaOfZod(look, node.expression.expression);
      if (schema) parts[part] = schema;
    }
    if (ts.isAsExpression(node) && partIn(node.expression)) parts[partIn(node.expression)] ??= schemaOfTree(treeOf(ts, checker, checker.getTypeFromTypeNode(node.type), node));
    ts.forEachChild(node, visit);
  };
  visit(body);
  const reads = readFields(look, body, request);
  return reads.length ? { ...parts, reads } : parts;
}

/** The fields of a body that a handler names. */
function readFields({ ts }, body, request) {
  const found = new Set();
  const isBody = (node) => ts.isPropertyAccessExpression(node) && node.name.text === 'body' && node.expression.getText() === request;
  const bare = (node) => (ts.isAsExpression(node) || ts.isParenthesizedExpression(node) ? bare(node.expression) : node);
  const visit = (node) => {
    if (ts.isPropertyAccessExpression(node) && isBody(bare(node.expression))) found.add(node.name.text);
    if (ts.isVariableDeclaration(node) && node.initializer && isBody(bare(node.initializer)) && ts.isObjectBindingPattern(node.name)) {
      node.name.elements.filter((one) => !one.dotDotDotToken).forEach((one) => found.add((one.propertyName ?? one.name).getText()));
    }
    ts.forEachChild(node, visit);
  };
  visit(body);
  return [...found];
}

module.exports = { partsOf, routesOf };
