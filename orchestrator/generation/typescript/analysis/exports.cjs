'use strict';
// What a target exports: functions and classes, with the types of what they take.

const { treeOf } = require('../types.cjs');
const { fold } = require('./constants.cjs');
const { givenOf } = require('./givens.cjs');
const { functionsIn } = require('./maps.cjs');
const { rememberingIn } = require('./memory.cjs');
const { shapeOf } = require('./shapes.cjs');

function exportsOf(look) {
  const { ts, checker, source } = look;
  const module = checker.getSymbolAtLocation(source);
  const classes = [];
  const functions = [];
  const others = [];
  for (const one of module ? checker.getExportsOfModule(module) : []) {
    const symbol = one.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(one) : one;
    const node = symbol.valueDeclaration;
    if (!node || node.getSourceFile() !== source) continue;
    const body = node.initializer ?? node;
    const name = one.getName();
    if (ts.isClassDeclaration(node)) classes.push(classOf(look, name, node));
    else if (isFunction(ts, body)) functions.push(exportedOf(look, name, body));
    else {
      others.push(name);
      functions.push(...functionsIn(look, body, [name]).map(([path, own]) => exportedOf(look, path.join('.'), own)));
    }
  }
  return { classes, functions, others };
}

function isFunction(ts, node) {
  return ts.isFunctionDeclaration(node) || ts.isArrowFunction(node) || ts.isFunctionExpression(node);
}

/** A function that tests call with all that it takes, be it a service. */
function exportedOf(look, name, node) {
  const own = functionOf(look, name, node);
  const params = node.parameters.map((one, index) => {
    const param = own.params[index];
    if (isUnused(look, one, param)) return { ...param, type: { k: 'undefined' } };
    const given = givenOf(look, look.checker.getTypeAtLocation(one), one, param.name);
    return given ? { ...param, ...given, type: { k: 'any' } } : param;
  });
  return { ...own, params };
}

/** Whether an argument may be anything and is never looked at, such as the parent of a root field. */
function isUnused({ ts }, node, { name, type }) {
  return type.k === 'any' && ts.isIdentifier(node.name) && name.startsWith('_');
}

function functionOf(look, name, node) {
  const { ts, checker } = look;
  const signature = checker.getSignatureFromDeclaration(node);
  const returns = signature.getReturnType();
  const isAsync = Boolean(returns.getProperty('then'));
  const line = look.source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
  return { name, isAsync, line, params: node.parameters.map((one) => paramOf(look, one)) };
}

function paramOf(look, node) {
  const { ts, checker } = look;
  const type = checker.getTypeAtLocation(node);
  const optional = Boolean(node.questionToken || node.initializer);
  const typeName = node.type && ts.isTypeReferenceNode(node.type) ? node.type.getText() : '';
  const name = ts.isIdentifier(node.name) ? node.name.text : lowerFirst(typeName.replace(/\W.*/, '')) || 'input';
  const fallback = node.initializer && fold(look, node.initializer);
  return { name, optional, fallback, rest: Boolean(node.dotDotDotToken), type: withoutUndefined(treeOf(ts, checker, type, node), optional) };
}

function withoutUndefined(tree, optional) {
  if (!optional || tree.k !== 'union') return tree;
  const of = tree.of.filter((one) => one.k !== 'undefined');
  return of.length === 1 ? of[0] : { k: 'union', of };
}

function classOf(look, name, node) {
  const { ts, checker } = look;
  const constructor = node.members.find(ts.isConstructorDeclaration);
  const isHidden = (one) =>
    ts.isPrivateIdentifier(one.name) ||
    one.modifiers?.some(({ kind }) => [ts.SyntaxKind.PrivateKeyword, ts.SyntaxKind.ProtectedKeyword, ts.SyntaxKind.AbstractKeyword].includes(kind));
  const remembering = rememberingIn(look, node);
  const methods = node.members
    .filter((one) => ts.isMethodDeclaration(one) && one.body && ts.isIdentifier(one.name) && !isHidden(one))
    .map((one) => ({
      ...functionOf(look, one.name.text, one),
      isStatic: Boolean(one.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword)),
      remembers: remembering.has(one.name.text),
    }));
  const params = (constructor?.parameters ?? []).map((one) => {
    const type = checker.getTypeAtLocation(one);
    const typeName = one.type && ts.isTypeReferenceNode(one.type) ? one.type.typeName.getText() : null;
    return { ...paramOf(look, one), typeName, from: typeName && originOf(look, typeName), ...shapeOf(look, type, one) };
  });
  const isAbstract = Boolean(node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AbstractKeyword));
  return { name, params, methods, isAbstract, isDerived: Boolean(node.heritageClauses) };
}

/** The import that a type name comes from, as the target writes it. */
function originOf({ ts, source }, name) {
  for (const node of source.statements) {
    if (!ts.isImportDeclaration(node) || !node.importClause) continue;
    const specifier = node.moduleSpecifier.text;
    if (node.importClause.name?.text === name) return { specifier, kind: 'default' };
    const bindings = node.importClause.namedBindings;
    if (bindings && ts.isNamedImports(bindings) && bindings.elements.some((one) => one.name.text === name)) {
      return { specifier, kind: 'named' };
    }
  }
  return null;
}

function lowerFirst(text) {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}

module.exports = { exportsOf, exportedOf, paramOf };
