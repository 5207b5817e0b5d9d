'use strict';
// The values of expressions that are made of literals and constants.

/** The value of an expression made of literals and constants, undefined if it is not. */
function fold(look, node, depth = 0) {
  const { ts, checker } = look;
  if (depth > 8) return undefined;
  if (ts.isNumericLiteral(node)) return Number(node.text.replace(/_/g, ''));
  if (ts.isStringLiteralLike(node)) return node.text;
  if (node.kind === ts.SyntaxKind.TrueKeyword) return true;
  if (node.kind === ts.SyntaxKind.FalseKeyword) return false;
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node)) return fold(look, node.expression, depth + 1);
  if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.MinusToken) {
    const value = fold(look, node.operand, depth + 1);
    return typeof value === 'number' ? -value : undefined;
  }
  if (ts.isIdentifier(node)) {
    const symbol = checker.getSymbolAtLocation(node);
    const from = symbol?.valueDeclaration;
    const constant = from && ts.isVariableDeclaration(from) && from.initializer && from.parent.flags & ts.NodeFlags.Const;
    return constant ? fold(look, from.initializer, depth + 1) : undefined;
  }
  if (!ts.isBinaryExpression(node)) return undefined;
  const [left, right] = [fold(look, node.left, depth + 1), fold(look, node.right, depth + 1)];
  if (typeof left !== 'number' || typeof right !== 'number') return undefined;
  switch (node.operatorToken.kind) {
    case ts.SyntaxKind.AsteriskToken: return left * right;
    case ts.SyntaxKind.PlusToken: return left + right;
    case ts.SyntaxKind.MinusToken: return left - right;
    case ts.SyntaxKind.SlashToken: return left / right;
    default: return undefined;
  }
}

module.exports = { fold };
