'use strict';
// What dependencies answer: the type that each call gives, by its table or first word and its last method.

const { treeOf } = require('../types.cjs');
const { isRequire } = require('./commons.cjs');

/** Every outermost call chain: its table or first word, its last method, and the type that awaiting it gives. */
function sitesOf(look) {
  const { ts, checker, source } = look;
  const sites = {};
  const visit = (node) => {
    if (ts.isCallExpression(node) && !isRequire(ts, node) && !isInChain(ts, node)) {
      const { words, table } = chainOf(ts, node);
      const type = checker.getTypeAtLocation(node);
      const isPromise = Boolean(type.getProperty('then'));
      const result = treeOf(ts, checker, (isPromise && checker.getAwaitedType(type)) || type, node);
      const site = { type: result, isSync: !isPromise, isChain: words.length > 2 };
      const last = words[words.length - 1];
      for (const key of [words.join('.'), ...endsOf(words), `${table ?? words[0]}.${last}`, `*.${last}`, `${table}`]) sites[key] ??= site;
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return sites;
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
