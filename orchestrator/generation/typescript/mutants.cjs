'use strict';
// All mutants of a file at once: each place keeps its own code beside the changed one, and a switch at run time decides.
// Texts for people (messages of errors), types and imports are left alone.

const { isRequire } = require('./analysis/commons.cjs');

const SWAPS = {
  LessThanToken: ['LessThanEqualsToken', 'GreaterThanEqualsToken'], LessThanEqualsToken: ['LessThanToken', 'GreaterThanToken'],
  GreaterThanToken: ['GreaterThanEqualsToken', 'LessThanEqualsToken'], GreaterThanEqualsToken: ['GreaterThanToken', 'LessThanToken'],
  EqualsEqualsEqualsToken: ['ExclamationEqualsEqualsToken'], ExclamationEqualsEqualsToken: ['EqualsEqualsEqualsToken'],
  EqualsEqualsToken: ['ExclamationEqualsToken'], ExclamationEqualsToken: ['EqualsEqualsToken'],
  AmpersandAmpersandToken: ['BarBarToken'], BarBarToken: ['AmpersandAmpersandToken'], QuestionQuestionToken: ['AmpersandAmpersandToken'],
  PlusToken: ['MinusToken'], MinusToken: ['PlusToken'], AsteriskToken: ['SlashToken'], SlashToken: ['AsteriskToken'], PercentToken: ['AsteriskToken'],
};
const METHODS = { some: 'every', every: 'some', toLowerCase: 'toUpperCase', toUpperCase: 'toLowerCase', startsWith: 'endsWith', endsWith: 'startsWith', min: 'max', max: 'min' };
const DROPPED = ['trim', 'filter', 'sort', 'slice', 'reverse', 'normalize'];

/** `base` is the number of the first mutant. */
function mutation(ts, base) {
  return (context) => (source) => {
    const f = context.factory;
    const K = ts.SyntaxKind;
    const found = [];
    const id = (node, what) => {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
      return found.push({ id: base + found.length, line: line + 1, what }) - 1 + base;
    };
    const ask = (n) => f.createCallExpression(f.createIdentifier('__orchestrateMutant'), undefined, [f.createNumericLiteral(n)]);
    const either = (n, changed, own) => f.createParenthesizedExpression(f.createConditionalExpression(ask(n), undefined, changed, undefined, own));
    const copy = (node) => ts.visitNode(node, visit);

    function mutants(node) {
      const made = [];
      if (ts.isBinaryExpression(node)) {
        for (const swap of SWAPS[K[node.operatorToken.kind]] ?? []) {
          if (isText(node)) break;
          made.push([`${node.operatorToken.getText(source)} to ${swap}`, f.createBinaryExpression(node.left, K[swap], node.right)]);
        }
      } else if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) {
        made.push(['text', f.createStringLiteral(node.text ? '' : 'mutated')]);
      } else if (node.kind === K.TrueKeyword) made.push(['true to false', f.createFalse()]);
      else if (node.kind === K.FalseKeyword) made.push(['false to true', f.createTrue()]);
      else if (ts.isPrefixUnaryExpression(node) && node.operator === K.ExclamationToken) made.push(['not removed', node.operand]);
      else if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
        const { name, expression } = node.expression;
        if (Object.hasOwn(METHODS, name.text)) made.push([`${name.text} swapped`, f.createCallExpression(f.createPropertyAccessExpression(expression, METHODS[name.text]), undefined, node.arguments)]);
        if (DROPPED.includes(name.text)) made.push([`${name.text} removed`, expression]);
      } else if (ts.isObjectLiteralExpression(node) && node.properties.length) made.push(['empty object', f.createObjectLiteralExpression([])]);
      else if (ts.isArrayLiteralExpression(node) && node.elements.length) made.push(['empty list', f.createArrayLiteralExpression([])]);
      return made;
    }

    function isText(node) {
      return node.operatorToken.kind === K.PlusToken && (ts.isStringLiteralLike(node.left) || ts.isStringLiteralLike(node.right));
    }

    function visit(node) {
      if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || (ts.isExportDeclaration(node) && node.moduleSpecifier) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) || ts.isEnumDeclaration(node) || ts.isModuleDeclaration(node)) return node;
      if (ts.isAsExpression(node)) return f.updateAsExpression(node, copy(node.expression), node.type);
      if (ts.isNewExpression(node) && /Error$/.test(node.expression.getText(source)) && node.arguments) {
        const rest = node.arguments.map((one) => (ts.isStringLiteralLike(one) || ts.isTemplateExpression(one) ? one : copy(one)));
        return f.updateNewExpression(node, node.expression, node.typeArguments, rest);
      }
      if (ts.isPropertyAssignment(node)) return f.updatePropertyAssignment(node, ts.isComputedPropertyName(node.name) ? copy(node.name) : node.name, copy(node.initializer));
      if (ts.isCallExpression(node) && isRequire(ts, node)) return node;
      // The text of a tagged template is the tag's own language.
      if (ts.isTaggedTemplateExpression(node) && ts.isNoSubstitutionTemplateLiteral(node.template)) return node;
      if (isTarget(node)) return node;
      if (ts.isIfStatement(node)) return ifStatement(node);
      if (ts.isConditionalExpression(node)) {
        return f.updateConditionalExpression(node, condition(node.condition), node.questionToken, copy(node.whenTrue), node.colonToken, copy(node.whenFalse));
      }
      if (ts.isBlock(node) && isBody(node)) return body(node);
      const all = ts.isExpression(node) ? mutants(node) : [];
      let result = ts.visitEachChild(node, visit, context);
      for (const [what, changed] of all) result = either(id(node, what), changed, result);
      return result;
    }

    /** Places where an expression is no value: the target of an assignment, a directive, a callee that needs its `this`. */
    function isTarget(node) {
      const { parent } = node;
      if (!parent) return false;
      if (ts.isExpressionStatement(parent) && ts.isStringLiteral(node)) return true;
      const isAssigned = ts.isBinaryExpression(parent) && parent.left === node && parent.operatorToken.kind === K.EqualsToken;
      return isAssigned || ts.isBindingName(node) && !ts.isIdentifier(node);
    }

    function condition(node) {
      const own = copy(node);
      return either(id(node, 'always'), f.createTrue(), either(id(node, 'never'), f.createFalse(), own));
    }

    function ifStatement(node) {
      return f.updateIfStatement(node, condition(node.expression), copy(node.thenStatement), node.elseStatement && copy(node.elseStatement));
    }

    function isBody(node) {
      const { parent } = node;
      return (ts.isFunctionLike(parent) && !ts.isConstructorDeclaration(parent)) || ts.isIterationStatement(parent, false);
    }

    function body(node) {
      const inner = ts.visitEachChild(node, visit, context);
      const tick = f.createExpressionStatement(f.createCallExpression(f.createIdentifier('__orchestrateTick'), undefined, []));
      if (!node.statements.length) return f.createBlock([tick]);
      const skip = f.createIfStatement(ask(id(node, 'empty body')), ts.isIterationStatement(node.parent, false) ? f.createBreakStatement() : f.createReturnStatement());
      return f.createBlock([tick, skip, ...inner.statements], true);
    }

    const result = ts.visitEachChild(source, visit, context);
    const list = f.createExpressionStatement(f.createCallExpression(f.createIdentifier('__orchestrateMutants'), undefined, [f.createStringLiteral(JSON.stringify(found))]));
    const isDirective = (node) => ts.isExpressionStatement(node) && ts.isStringLiteral(node.expression);
    const directives = result.statements.filter(isDirective);
    return f.updateSourceFile(result, [...directives, list, ...result.statements.filter((node) => !isDirective(node))]);
  };
}

module.exports = { mutation };
