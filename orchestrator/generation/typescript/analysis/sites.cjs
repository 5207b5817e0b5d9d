'use strict';
// What dependencies answer: the type that each call gives, by its table or first word and its last method.

const { treeOf } = require('../types.cjs');
const { isRequire } = require('./commons.cjs');
const { isChain, MOST_OF_A_FUNCTION, shapeOf } = require('./shapes.cjs');

/** Every outermost call chain: its table or first word, its last method, and the type that awaiting it gives. */
function sitesOf(look) {
  const { ts, checker, source } = look;
  const sites = {};
  const makers = new Map();
  const calls = [];
  const visit = (node) => {
    if (ts.isCallExpression(node) && !isRequire(ts, node) && !isInChain(ts, node)) {
      const { words, table } = chainOf(ts, node);
      calls.push([node, words.join('.')]);
      const type = checker.getTypeAtLocation(node);
      const isPromise = Boolean(type.getProperty('then'));
      const result = treeOf(ts, checker, (isPromise && checker.getAwaitedType(type)) || type, node);
      const isUsed = !isPromise && !ts.isExpressionStatement(node.parent);
      const makes = isUsed ? madeBy(look, type, node) : null;
      const site = { type: result, isSync: !isPromise, isChain: words.length > 2, ...(makes ? { makes } : {}) };
      if (makes) makers.set(nameOf(type), words.join('.'));
      const last = words[words.length - 1];
      for (const key of [words.join('.'), ...endsOf(words), `${table ?? words[0]}.${last}`, `*.${last}`, ...(table ? [table] : [])]) sites[key] ??= site;
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  for (const [node, words] of calls) for (const key of madeIn(look, node, makers)) sites[key] ??= sites[words];
  return sites;
}

/** What a call makes that is asked itself, by its shape: a client, a query; null for a value. */
function madeBy({ ts, checker, ...look }, type, node) {
  const all = type.getProperties();
  const [call] = type.getCallSignatures();
  if (call) return isChain(checker, call.getReturnType()) ? 'query' : all.length > MOST_OF_A_FUNCTION ? 'object' : null;
  const isMethod = (one) => checker.getTypeOfSymbolAtLocation(one, node).getCallSignatures().length > 0;
  const isAsked = nameOf(type) && shapeOf({ ts, checker, ...look }, type, node).shape === 'object';
  return isAsked && all.filter(isMethod).length * 2 >= all.length ? 'object' : null;
}

function nameOf(type) {
  return type.aliasSymbol ?? type.symbol;
}

/** A call of something that another call made: under the name of that call, `axios.create().get` for `client.get`. */
function madeIn({ ts, checker }, node, makers) {
  const found = [];
  const rest = [];
  for (let at = node.expression; ts.isPropertyAccessExpression(at); at = at.expression) {
    rest.unshift(at.name.text);
    const maker = makers.get(nameOf(checker.getTypeAtLocation(at.expression)));
    if (maker) found.push(`${maker}().${rest.join('.')}`);
  }
  return found;
}

/** A call without what leads to the object that is asked: `users.find` for `context.services.users.find`. */
function endsOf(words) {
  return words.slice(2).map((_, index) => words.slice(index + 1).join('.'));
}

function isInChain(ts, node) {
  const parent = node.parent;
  return ts.isPropertyAccessExpression(parent) && parent.expression === node && ts.isCallExpression(parent.parent);
}

function chainOf(ts, node) {
  const words = [];
  let table = null;
  let at = node;
  for (;;) {
    if (ts.isCallExpression(at)) {
      const [first] = at.arguments;
      if (first && ts.isStringLiteralLike(first) && !ts.isPropertyAccessExpression(at.expression)) table = first.text;
      if (first && ts.isStringLiteralLike(first) && at.expression.expression?.kind === ts.SyntaxKind.ThisKeyword) table = first.text;
      at = at.expression;
    } else if (ts.isPropertyAccessExpression(at)) {
      words.unshift(at.name.text);
      at = at.expression;
    } else if (ts.isNonNullExpression(at) || ts.isParenthesizedExpression(at) || ts.isAwaitExpression(at)) at = at.expression;
    else break;
  }
  if (ts.isIdentifier(at)) words.unshift(at.text);
  return { words, table };
}

module.exports = { sitesOf, endsOf };
