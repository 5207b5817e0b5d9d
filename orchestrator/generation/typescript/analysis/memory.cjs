'use strict';
// Which methods of a class use what its objects keep between calls, so that what was called before matters.

/** The names of these methods; none where an object keeps only what its constructor was given. */
function rememberingIn({ ts }, node) {
  const members = node.members.filter((one) => one.body && !isStatic(ts, one));
  const uses = new Map(members.map((one) => [one, ownIn(ts, one)]));
  const kept = new Set(node.members.filter((one) => ts.isPropertyDeclaration(one) && one.initializer && isMutable(ts, one.initializer) && !isStatic(ts, one)).map(({ name }) => name.getText()));
  for (const [member, { made, written }] of uses) (ts.isConstructorDeclaration(member) ? made : written).forEach((name) => kept.add(name));
  const found = new Set();
  const touches = ({ read }) => [...read].some((name) => kept.has(name) || found.has(name));
  for (let size = -1; size < found.size;) {
    size = found.size;
    for (const [member, own] of uses) if (member.name && touches(own)) found.add(member.name.getText());
  }
  return found;
}

function isStatic(ts, { modifiers }) {
  return Boolean(modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword));
}

function isMutable(ts, node) {
  return ts.isNewExpression(node) || ts.isArrayLiteralExpression(node) || ts.isObjectLiteralExpression(node);
}

/** The properties of `this` that a member reads, writes, and makes. */
function ownIn(ts, member) {
  const found = { read: new Set(), written: new Set(), made: new Set() };
  const visit = (node) => {
    if (ts.isPropertyAccessExpression(node) && node.expression.kind === ts.SyntaxKind.ThisKeyword) {
      const name = node.name.getText();
      found.read.add(name);
      if (isWritten(ts, node)) found.written.add(name);
      if (ts.isBinaryExpression(node.parent) && node.parent.left === node && isMutable(ts, node.parent.right)) found.made.add(name);
    }
    ts.forEachChild(node, visit);
  };
  visit(member.body);
  return found;
}

function isWritten(ts, node) {
  const { parent } = node;
  if (ts.isBinaryExpression(parent)) return parent.left === node && ts.isAssignmentOperator(parent.operatorToken.kind);
  const isStep = ts.isPrefixUnaryExpression(parent) || ts.isPostfixUnaryExpression(parent);
  return isStep && [ts.SyntaxKind.PlusPlusToken, ts.SyntaxKind.MinusMinusToken].includes(parent.operator);
}

module.exports = { rememberingIn };
