'use strict';
// What a target exports: functions and classes, with the types of what they take.

const path = require('node:path');
const { treeOf } = require('../types.cjs');
const { exportedIn, isCommon } = require('./commons.cjs');
const { fold } = require('./constants.cjs');
const { givenOf } = require('./givens.cjs');
const { bare, functionsIn } = require('./maps.cjs');
const { rememberingIn } = require('./memory.cjs');
const { shapeOf } = require('./shapes.cjs');
const { requestOf, usedAs } = require('./uses.cjs');

/** What nobody reads anything of. */
const NOTHING = { k: 'object', isPartial: true, name: '', props: {} };

/** `whole` and `main` are the names that tests give to what a module exports as such: by `module.exports = ...`, by `export default`. */
function exportsOf(look) {
  const { ts, source } = look;
  const found = { classes: [], functions: [], others: [], whole: null, main: null, isCommon: isCommon(source) };
  if (!found.isCommon) {
    const declared = declaredIn(look);
    const nodes = declared.filter(([name]) => name !== 'default').map(([, node]) => node);
    for (const [name, node, own] of declared) {
      if (name !== 'default') add(look, found, name, node);
      else if (!nodes.includes(node)) addMain(look, found, node, own);
    }
    return found;
  }
  const { named, whole } = exportedIn(look);
  if (whole && (isFunction(ts, whole) || ts.isClassLike(whole))) {
    found.whole = nameOf(source, whole);
    add(look, found, found.whole, whole);
  }
  for (const [name, node] of named) add(look, found, found.whole ? `${found.whole}.${name}` : name, node);
  return found;
}

/** What a module exports as its default, under the name that it has there, else that of its file. */
function addMain(look, found, node, own) {
  const name = own === 'default' ? nameOf(look.source, node) : own;
  found.main = /^\d|^(delete|new|class|function|import|export|in|if|for|with|switch|case|return|default)$/.test(name) ? `the${name.slice(0, 1).toUpperCase()}${name.slice(1)}` : name;
  add(look, found, found.main, node);
  found.others = found.others.map((one) => (one === found.main ? 'default' : one));
}

/** What an ES module exports and declares itself: [name, what it is, its name in the module]. */
function declaredIn({ ts, checker, source }) {
  const module = checker.getSymbolAtLocation(source);
  return (module ? checker.getExportsOfModule(module) : []).flatMap((one) => {
    const symbol = one.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(one) : one;
    const node = symbol.valueDeclaration ?? symbol.declarations?.find(ts.isExportAssignment);
    return node && node.getSourceFile() === source ? [[one.getName(), node.initializer ?? (ts.isExportAssignment(node) ? bare(ts, node.expression) : node), symbol.getName()]] : [];
  });
}

function add(look, found, name, node) {
  const { ts } = look;
  if (ts.isClassLike(node)) found.classes.push(classOf(look, name, node));
  else if (isFunction(ts, node)) found.functions.push(exportedOf(look, name, node));
  else {
    if (!name.includes('.')) found.others.push(name);
    found.functions.push(...functionsIn(look, node, [name]).map(([at, own]) => exportedOf(look, at.join('.'), own)));
  }
}

/** The name of something by itself, else by that of its file. */
function nameOf(source, node) {
  const { dir, name } = path.parse(source.fileName);
  const stem = name === 'index' ? path.basename(dir) : name;
  return node.name?.text ?? stem.replace(/\W+(\w)?/g, (_, letter = '') => letter.toUpperCase());
}

function isFunction(ts, node) {
  return ts.isFunctionDeclaration(node) || ts.isArrowFunction(node) || ts.isFunctionExpression(node) || ts.isMethodDeclaration(node);
}

/** A function that tests call with all that it takes, be it a service. */
function exportedOf(look, name, node) {
  const own = functionOf(look, name, node);
  const params = node.parameters.map((one, index) => {
    const param = own.params[index];
    if (isUnused(look, one, param)) return { ...param, type: { k: 'undefined' } };
    return handedOf(look, one, node, param) ?? givenAs(param, givenOf(look, look.checker.getTypeAtLocation(one), one, param.name)) ?? param;
  });
  const inner = returnedBy(look.ts, node);
  const made = inner && exportedOf(look, name, inner);
  if (made && !made.makes) return { ...own, isAsync: made.isAsync, params: [...params, ...made.params], makes: params.length };
  return { ...own, params: [...params, ...ignoredBy(look, node)] };
}

/** What the declared type of a function has it called with beside what the function itself takes. */
function ignoredBy({ ts, checker }, node) {
  const { parent } = node;
  const isTyped = (ts.isVariableDeclaration(parent) || ts.isPropertyDeclaration(parent)) && parent.initializer === node && parent.type;
  const [declared] = isTyped ? checker.getTypeFromTypeNode(parent.type).getCallSignatures() : [];
  const more = (declared?.parameters ?? []).slice(node.parameters.length);
  return more.map((one) => ({ name: one.getName(), optional: Boolean(one.flags & ts.SymbolFlags.Optional), rest: false, type: NOTHING }));
}

/** The function that a function makes and returns, undefined if that is not all that it ends with. */
function returnedBy(ts, { body }) {
  const last = body && ts.isBlock(body) ? body.statements.at(-1) : null;
  const returned = last && ts.isReturnStatement(last) ? last.expression : body;
  return returned && (ts.isArrowFunction(returned) || ts.isFunctionExpression(returned)) ? returned : undefined;
}

/** What whoever calls a function hands over instead of a value, such as a request and its response. */
function handedOf(look, one, node, param) {
  const request = requestOf(look, one, node);
  return request ? { ...param, type: request } : givenAs(param, usedAs(look, one, node));
}

function givenAs(param, given) {
  return given && { ...param, ...given, type: { k: 'any' } };
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
  const optional = Boolean(node.questionToken || node.initializer || checker.isOptionalParameter(node));
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
  const instances = checker.getTypeAtLocation(node);
  const isHidden = (one) =>
    ts.isPrivateIdentifier(one.name) ||
    one.modifiers?.some(({ kind }) => [ts.SyntaxKind.PrivateKeyword, ts.SyntaxKind.ProtectedKeyword, ts.SyntaxKind.AbstractKeyword].includes(kind));
  const remembering = rememberingIn(look, node);
  const methods = node.members
    .filter((one) => callableOf(ts, one)?.body && ts.isIdentifier(one.name) && !isHidden(one))
    .map((one) => ({
      ...methodOf(look, one.name.text, callableOf(ts, one)),
      isStatic: Boolean(one.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword)),
      remembers: remembering.has(one.name.text),
    }));
  const params = parametersOf(look, node).map((one) => {
    const type = checker.getTypeAtLocation(one);
    const typeName = one.type && ts.isTypeReferenceNode(one.type) && !one.type.typeArguments ? one.type.typeName.getText() : null;
    return { ...paramOf(look, one), typeName, from: typeName && originOf(look, typeName), ...shapeOf(look, type, one) };
  });
  const isAbstract = Boolean(node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AbstractKeyword));
  return { name, params, methods, isAbstract, isDerived: Boolean(node.heritageClauses), base: baseOf(look, node), shows: fieldsOf(look, instances) };
}

/** The function that a member of a class is: a method, or a property that holds a function of its own. */
function callableOf(ts, member) {
  if (ts.isMethodDeclaration(member)) return member;
  return ts.isPropertyDeclaration(member) && member.initializer && isFunction(ts, member.initializer) ? member.initializer : null;
}

function methodOf(look, name, node) {
  const own = functionOf(look, name, node);
  const params = node.parameters.map((one, index) => handedOf(look, one, node, own.params[index]) ?? own.params[index]);
  return { ...own, params: [...params, ...ignoredBy(look, node)] };
}

/** What a constructor takes, be it that of a base class; of several ways the last, as `ConstructorParameters` has it. */
function parametersOf({ checker }, node) {
  const symbol = node.name ? checker.getSymbolAtLocation(node.name) : node.symbol;
  return checker.getTypeOfSymbolAtLocation(symbol, node).getConstructSignatures().at(-1)?.getDeclaration()?.parameters ?? [];
}

/** The class that a class says it is one of, where a test knows that by name. */
function baseOf({ ts, checker, source }, node) {
  const [base] = node.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword)?.types ?? [];
  if (!base || !ts.isIdentifier(base.expression)) return null;
  const { text } = base.expression;
  const isExported = checker.getExportsOfModule(checker.getSymbolAtLocation(source)).some((one) => one.getName() === text);
  return isExported || /^(\w*Error|Map|Set)$/.test(text) && isGlobal(checker, base.expression) ? text : null;
}

function isGlobal(checker, node) {
  return Boolean(checker.getSymbolAtLocation(node)?.valueDeclaration?.getSourceFile().hasNoDefaultLib);
}

/** What anybody may read of an object that is no method, such as the status of an error. */
function fieldsOf({ ts, checker, source }, type) {
  const isHidden = (one) => (one.declarations ?? []).some((own) => ts.getCombinedModifierFlags(own) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) || /^(stack|cause|#.*|_.*|__.*)$/.test(one.getName());
  return type.getProperties().filter((one) => !isHidden(one) && !checker.getTypeOfSymbolAtLocation(one, source).getCallSignatures().length).map((one) => one.getName());
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
