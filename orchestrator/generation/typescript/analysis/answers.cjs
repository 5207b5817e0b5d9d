'use strict';
// What routes answer when all goes well: with which status, with what body, and whether somebody must be signed in.
// Reads; never runs project code.

const { treeOf } = require('../types.cjs');
const { fold } = require('./constants.cjs');
const { serverPart } = require('./nodes.cjs');

const VERBS = ['get', 'post', 'put', 'patch', 'delete'];
const GUARDS = /\b(onRequest|preValidation|preHandler)\b/;

/** By `POST /path`: {statuses, body, isGuarded}, where `body` is the type tree of what is sent. */
function answersOf(look) {
  const { ts, checker, source } = look;
  const found = {};
  let isGuarded = false;
  const visit = (node) => {
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) && serverPart(checker.getTypeAtLocation(node.expression.expression)) === 'instance') {
      const [first, second] = node.arguments;
      const verb = node.expression.name.text;
      const handler = node.arguments[node.arguments.length - 1];
      if (verb === 'addHook' && GUARDS.test(String(first && fold(look, first))) && serverPartOfRoot(node)) isGuarded = true;
      if (VERBS.includes(verb) && first && handler !== first) {
        const options = node.arguments.length > 2 ? second : null;
        found[`${verb.toUpperCase()} ${fold(look, first)}`] = { ...answerOf(look, handler), isGuarded: isGuarded || Boolean(options && GUARDS.test(options.getText())) };
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;

  /** A hook of a plugin guards its routes; one of the whole server may be anything, such as a limit. */
  function serverPartOfRoot(node) {
    return ts.isIdentifier(node.arguments[1]);
  }
}

function answerOf(look, handler) {
  const { ts, checker } = look;
  const statuses = [];
  const sent = [];
  const visit = (node) => {
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) && node.arguments[0]) {
      const [first] = node.arguments;
      if (/^(status|code)$/.test(node.expression.name.text)) statuses.push(...(ts.isConditionalExpression(first) ? [first.whenTrue, first.whenFalse] : [first]).map((one) => fold(look, one)));
      if (node.expression.name.text === 'send') sent.push(checker.getTypeAtLocation(first));
    }
    ts.forEachChild(node, visit);
  };
  visit(handler);
  const returned = checker.getTypeAtLocation(handler).getCallSignatures()[0]?.getReturnType();
  const type = sent[0] ?? (returned && (checker.getAwaitedType(returned) ?? returned));
  const known = statuses.filter((one) => typeof one === 'number' && one < 300);
  return { statuses: known.length ? known : [200], body: type && serverPart(type) !== 'reply' ? treeOf(ts, checker, type, handler) : null };
}

module.exports = { answersOf };
