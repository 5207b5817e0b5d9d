'use strict';
// How dependencies of a target fail by intention: the project's own errors that they throw, and those the target knows.
// Reads; never runs project code.

const path = require('node:path');
const { treeOf } = require('../types.cjs');
const { fold } = require('./constants.cjs');
const { isPure } = require('./imports.cjs');
const { endsOf } = require('./sites.cjs');

const DEEPEST = 3;

/** By call site, such as `auth.login`, the errors that what is called throws: {name, file, args}. */
function failuresOf(look) {
  const { ts, checker, source } = look;
  const found = {};
  const visit = (node) => {
    if (ts.isCallExpression(node)) {
      const words = wordsOf(ts, node.expression);
      const callee = words && declarationOf(look, node.expression);
      const thrown = callee ? distinct(thrownIn(look, callee, new Set(), 0)) : [];
      for (const key of callee ? [words, ...endsOf(words.split('.'))] : []) found[key] ??= thrown;
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return Object.fromEntries(Object.entries(found).filter(([, thrown]) => thrown.length));
}

/** The classes of errors that the target tells apart, with the types of what makes one: {name, file | specifier, params}. */
function knownErrorsOf(look) {
  const { ts, checker, source } = look;
  const found = new Map();
  const visit = (node) => {
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.InstanceOfKeyword && ts.isIdentifier(node.right)) {
      const origin = classOf(look, node.right);
      const [made] = checker.getTypeAtLocation(node.right).getConstructSignatures();
      if (origin && made) found.set(node.right.text, { ...origin, params: made.parameters.map((one) => ({ name: one.getName(), type: treeOf(ts, checker, checker.getTypeOfSymbolAtLocation(one, node), node) })) });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return [...found.values()];
}

function wordsOf(ts, node) {
  if (ts.isIdentifier(node)) return node.text;
  if (!ts.isPropertyAccessExpression(node)) return null;
  const left = wordsOf(ts, node.expression);
  return left && `${left}.${node.name.text}`;
}

function declarationOf({ ts, checker, root }, node) {
  let symbol = checker.getSymbolAtLocation(ts.isPropertyAccessExpression(node) ? node.name : node);
  if (symbol && symbol.flags & ts.SymbolFlags.Alias) symbol = checker.getAliasedSymbol(symbol);
  const from = symbol?.valueDeclaration;
  const file = from?.getSourceFile().fileName;
  return file && file.startsWith(root) && !file.includes('/node_modules/') ? from : null;
}

function thrownIn(look, node, seen, depth) {
  const { ts } = look;
  if (seen.has(node) || depth > DEEPEST) return [];
  seen.add(node);
  const found = [];
  const visit = (one) => {
    const made = ts.isThrowStatement(one) && one.expression && ts.isNewExpression(one.expression) ? one.expression : null;
    const origin = made && ts.isIdentifier(made.expression) && classOf(look, made.expression);
    if (origin?.file) {
      found.push({ ...origin, args: argumentsOf(look, made) });
    }
    if (ts.isCallExpression(one)) {
      const next = declarationOf(look, one.expression);
      if (next) found.push(...thrownIn(look, next, seen, depth + 1));
    }
    ts.forEachChild(one, visit);
  };
  visit(node);
  return found;
}

/** What an error is made of, as far as it is written there; the rest by its type. */
function argumentsOf(look, made) {
  const { ts, checker } = look;
  const args = (made.arguments ?? []).map((own) => {
    const known = fold({ ...look, source: own.getSourceFile() }, ts.isConditionalExpression(own) ? own.whenTrue : own);
    if (known !== undefined) return known;
    const { flags } = checker.getBaseTypeOfLiteralType(checker.getTypeAtLocation(own));
    return flags & ts.TypeFlags.NumberLike ? 1 : flags & ts.TypeFlags.StringLike ? 'refused' : undefined;
  });
  while (args.length && args[args.length - 1] === undefined) args.pop();
  return args;
}

/** Where a class comes from; a class of the project only if loading it does nothing else. */
function classOf(look, node) {
  const { ts, checker, root } = look;
  let symbol = checker.getSymbolAtLocation(node);
  if (symbol && symbol.flags & ts.SymbolFlags.Alias) symbol = checker.getAliasedSymbol(symbol);
  const from = symbol?.valueDeclaration ?? symbol?.declarations?.[0];
  const file = from?.getSourceFile().fileName;
  if (!file || !isExported(look, symbol)) return null;
  if (!file.includes('/node_modules/')) return file.startsWith(root) && isPure(look, file, new Set()) ? { name: symbol.getName(), file: path.relative(root, file) } : null;
  const specifier = file.match(/.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1];
  return specifier && !specifier.startsWith('@types') && specifier !== 'typescript' ? { name: symbol.getName(), specifier } : null;
}

function isExported({ checker }, symbol) {
  const source = symbol.declarations?.[0]?.getSourceFile();
  const module = source && checker.getSymbolAtLocation(source);
  return Boolean(module && checker.getExportsOfModule(module).some((one) => one.getName() === symbol.getName()));
}

/** One for each class: what a caller does with it rarely depends on its words. */
function distinct(thrown) {
  return [...new Map(thrown.map((one) => [one.name, one]).reverse()).values()].reverse();
}

module.exports = { failuresOf, knownErrorsOf };
