'use strict';
// Values that matter to a target: what it compares with, splits at, parses or looks for, and the keys of its tables.

const { treeOf } = require('../types.cjs');
const { fold } = require('./constants.cjs');

function collectHints(look, hints) {
  const { ts, checker, source } = look;
  const visit = (node) => {
    if (ts.isBinaryExpression(node)) compare(look, node, hints);
    if (ts.isCaseClause(node)) remember(hints.compared, nameOf(ts, node.parent.parent.expression), fold(look, node.expression));
    if (ts.isStringLiteralLike(node) && isValuePlace(ts, node) && node.text.length < 60) hints.strings.push(node.text);
    if (ts.isAsExpression(node) || ts.isVariableDeclaration(node)) collectCast(look, node, hints);
    if (ts.isVariableDeclaration(node) && node.initializer) {
      const value = fold(look, node.initializer);
      if (typeof value === 'number') {
        hints.numbers.push(value);
        if (/DAYS/i.test(node.name.getText())) hints.ages.push(value * 86_400_000);
        else if (value >= 60_000) hints.ages.push(value);
      }
      if (ts.isArrayLiteralExpression(node.initializer)) {
        hints.words.push(...node.initializer.elements.filter(ts.isStringLiteralLike).map(({ text }) => text));
      }
    }
    if (ts.isThrowStatement(node)) collectThrown(ts, node.expression, hints);
    if (ts.isPropertyAssignment(node) && ts.isStringLiteral(node.name) && !ts.findAncestor(node, ts.isFunctionLike)) {
      hints.words.push(...[node.name, node.initializer].filter(ts.isStringLiteralLike).map(({ text }) => text));
    }
    if (ts.isRegularExpressionLiteral(node)) hints.words.push(...wordsOfPattern(node.text));
    ts.forEachChild(node, visit);
  };
  visit(source);
}

function compare(look, node, hints) {
  const { ts } = look;
  const K = ts.SyntaxKind;
  const order = [K.LessThanToken, K.LessThanEqualsToken, K.GreaterThanToken, K.GreaterThanEqualsToken];
  const equal = [K.EqualsEqualsToken, K.EqualsEqualsEqualsToken, K.ExclamationEqualsToken, K.ExclamationEqualsEqualsToken];
  const kind = node.operatorToken.kind;
  if (!order.includes(kind) && !equal.includes(kind)) return;
  for (const [one, other] of [[node.left, node.right], [node.right, node.left]]) {
    const value = fold(look, other);
    if (typeof value === 'number') {
      const isLength = ts.isPropertyAccessExpression(one) && ['length', 'size'].includes(one.name.text);
      (isLength ? hints.lengths : hints.numbers).push(value);
      if (value >= 60_000) hints.ages.push(value);
    } else if (typeof value === 'string') remember(hints.compared, nameOf(ts, one), value);
  }
}

function collectCast(look, node, hints) {
  const { ts, checker } = look;
  let from = ts.isAsExpression(node) ? node.expression : node.initializer;
  while (from && (ts.isParenthesizedExpression(from) || ts.isAwaitExpression(from))) from = from.expression;
  if (!from || !ts.isCallExpression(from) || !node.type) return;
  const text = from.expression.getText();
  const type = treeOf(ts, checker, checker.getTypeFromTypeNode(node.type), node);
  if (text === 'JSON.parse') hints.parsed.push(type);
  if (text.endsWith('.json')) hints.bodies.push(type);
}

/** What is thrown on purpose, although errors of its name are mostly mistakes: its name and how its message begins. */
function collectThrown(ts, node, hints) {
  if (!ts.isNewExpression(node) || !/^(Type|Range|Reference|Syntax)Error$/.test(node.expression.getText())) return;
  let [first] = node.arguments ?? [];
  while (first && ts.isBinaryExpression(first)) first = first.left;
  const text = first && (ts.isTemplateExpression(first) ? first.head.text : ts.isStringLiteralLike(first) ? first.text : '');
  if (text) hints.thrown.push({ name: node.expression.getText(), text });
}

function isValuePlace(ts, node) {
  const { parent } = node;
  if (ts.isCallExpression(parent)) return /\.(includes|startsWith|endsWith|split|has|indexOf|test)$/.test(parent.expression.getText());
  return ts.isBinaryExpression(parent) || ts.isCaseClause(parent) || (ts.isArrayLiteralExpression(parent) && ts.isNewExpression(parent.parent));
}

function wordsOfPattern(text) {
  if (text.includes('https?')) return ['see https://a.example and https://b.example and https://c.example', 'see https://a.example'];
  if (/\(\.\)\\1/.test(text)) return ['sooooooo good'];
  if (/a-z/i.test(text)) return ['1234567890123', 'LOUD VOICES EVERYWHERE', 'abcdefghijklm', 'Crème brûlée!'];
  if (/\\s/.test(text)) return ['two  words'];
  return /%/.test(text) ? ['50%_\\'] : [];
}

function nameOf(ts, node) {
  if (ts.isPropertyAccessExpression(node)) return node.name.text;
  return ts.isIdentifier(node) ? node.text : '';
}

function remember(compared, name, value) {
  if (name && typeof value === 'string') (compared[name] ??= []).push(value);
}

function unique(hints) {
  const once = (list) => [...new Map(list.map((one) => [JSON.stringify(one), one])).values()];
  for (const [name, value] of Object.entries(hints)) {
    if (Array.isArray(value)) hints[name] = once(value);
    else for (const key of Object.keys(value)) value[key] = once(value[key]);
  }
  return hints;
}

module.exports = { collectHints, unique };
