'use strict';
// What of a target is GraphQL: maps of resolvers, a schema, type definitions, the context of an operation.
// Reads; never runs project code.

const fs = require('node:fs');
const path = require('node:path');
const { treeOf } = require('../types.cjs');
const { exportsOf } = require('./exports.cjs');
const { givenOf } = require('./givens.cjs');
const { projectFile } = require('./imports.cjs');
const { functionsIn, objectOf } = require('./maps.cjs');

const ROOTS = ['Query', 'Mutation', 'Subscription'];
const SOURCE = /\.[cm]?[jt]sx?$/;

/** Project files that stay real beside resolvers: their neighbours, and what is called with their context. */
function besideResolvers(look) {
  const own = look.source.fileName;
  const maps = exportedIn(look).filter(({ node }) => isResolvers(look, node));
  if (!maps.length) return [];
  const near = fs.readdirSync(path.dirname(own)).filter((name) => SOURCE.test(name) && !/\.(test|spec|d)\./.test(name)).map((name) => path.join(path.dirname(own), name));
  const called = look.source.statements.filter(look.ts.isImportDeclaration).flatMap((one) => {
    const names = one.importClause?.namedBindings?.elements?.map(({ name }) => name.text) ?? [];
    const takesContext = names.some((name) => new RegExp(`\\b${name}\\((ctx|context|_?contextValue)\\b`).test(look.source.text));
    return takesContext ? [projectFile(look, one.moduleSpecifier.text, own)] : [];
  });
  return [...near, ...called.filter(Boolean)].filter((file) => file !== own).map((file) => path.relative(look.root, file));
}

/** The other files of a directory whose schema is tried: its definitions need not know of its resolvers and its context. */
function besideSchema(look, beside) {
  const isEntry = exportedIn(look).some((one) => isDefinitions(look, one) || typeName(look, one.symbol, one.node) === 'GraphQLSchema');
  const sources = beside.map((file) => look.program.getSourceFile(path.join(look.root, file)));
  return isEntry ? sources.filter((one) => one && one !== look.source) : [];
}

/** The exported variables of a file: {name, node}, where `node` is what they are made of. */
function exportedIn({ ts, checker, source }) {
  return exportedNames({ checker, source }).flatMap((one) => {
    const symbol = one.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(one) : one;
    const node = symbol.valueDeclaration ?? symbol.declarations?.[0];
    const made = node?.initializer ?? node?.expression;
    return made && node.getSourceFile() === source ? [{ name: one.getName(), symbol, node: made }] : [];
  });
}

function isResolvers(look, node) {
  return Boolean(objectOf(look, node)?.properties.some(({ name }) => name && ROOTS.includes(name.getText())));
}

/**
 * What operations are run against, null if there is nothing: {schema | typeDefs, maps, context, factory, ...}.
 * A file on its own has the resolvers that it imports replaced: they answer from a script.
 */
function graphqlOf(look, { imports, walked }) {
  const own = exportedIn(look);
  const schema = own.find(({ symbol, node }) => typeName(look, symbol, node) === 'GraphQLSchema');
  const typeDefs = own.find((one) => isDefinitions(look, one));
  const looks = walked.map((source) => ({ ...look, source }));
  const maps = looks.flatMap((one) => exportedIn(one).filter(({ node }) => isResolvers(one, node)).map((map) => ({ ...map, look: one })));
  if (!schema && !typeDefs) return maps.length ? { isExecutable: false, maps: [] } : null;
  if (!maps.length) nameResolvers(look, imports);
  const context = maps.map((map) => contextIn(map)).find(Boolean) ?? null;
  const places = maps.map(({ name, look: { source } }) => ({ name, file: path.relative(look.root, source.fileName) }));
  return {
    isExecutable: true, isSteady: isSteady(look, walked, imports), isScripted: !maps.length, schema: schema?.name ?? null, typeDefs: typeDefs?.name ?? null, isText: Boolean(typeDefs && !look.ts.isTaggedTemplateExpression(typeDefs.node)), maps: schema ? [] : places,
    context: context && { name: 'context', optional: false, type: treeOf(look.ts, look.checker, context.type, context.at), ...givenOf(look, context.type, context.at, 'context') },
    factory: (context && factoryOf(looks, context)) ?? null,
  };
}

/** Whether no file keeps anything from one operation to the next, so that all can run against one copy. */
function isSteady({ ts }, sources, imports) {
  const isState = (node) => !node || ts.isNewExpression(node) || ((ts.isArrayLiteralExpression(node) || ts.isObjectLiteralExpression(node)) && !(node.elements ?? node.properties).length);
  const keeps = (statement) => ts.isVariableStatement(statement) && (!(statement.declarationList.flags & ts.NodeFlags.Const) || statement.declarationList.declarations.some(({ initializer }) => isState(initializer)));
  const isDrawn = ({ names, fate }) => fate === 'replaced' && names.some(({ shape, known, role }) => shape === 'value' && known === undefined && !role);
  return !sources.some(({ statements }) => statements.some(keeps)) && !imports.some(isDrawn);
}

function typeName({ checker }, symbol, node) {
  return checker.getTypeOfSymbolAtLocation(symbol, node).symbol?.getName();
}

/** Whether an export is the text of a schema, or a document made of one. */
function isDefinitions(look, { symbol, node }) {
  const { ts } = look;
  const text = ts.isStringLiteralLike(node) || ts.isTaggedTemplateExpression(node) || ts.isTemplateExpression(node) ? node.getText() : '';
  return /\b(type|interface|schema)\b[^{]*\{/.test(text) && (typeName(look, symbol, node) !== 'GraphQLSchema');
}

/** Imported resolvers answer from a script: what a schema does with their answers is its own. */
function nameResolvers({ checker, source, ts }, imports) {
  const locals = new Map(source.statements.filter(ts.isImportDeclaration).flatMap(({ importClause }) => {
    const named = importClause?.namedBindings?.elements ?? [];
    return [...(importClause?.name ? [importClause.name] : []), ...named.map(({ name }) => name)].map((name) => [name.text, name]);
  }));
  for (const one of imports.filter(({ file }) => file)) {
    const maps = one.names.filter(({ local }) => {
      const node = locals.get(local);
      return node && ROOTS.some((root) => checker.getTypeAtLocation(node).getProperty(root));
    });
    for (const name of maps) name.role = 'resolvers';
    if (maps.length) one.fate = 'replaced';
  }
}

/** The context that resolvers get: the type of the third argument of the first one that names it. */
function contextIn({ look, node }) {
  const at = functionsIn(look, node, []).map(([, own]) => own.parameters[2]).find(Boolean);
  return at ? { type: look.checker.getTypeAtLocation(at), at } : null;
}

/** The project's own function that makes the context of an operation from a request. */
function factoryOf(looks, { type }) {
  const symbol = type.aliasSymbol ?? type.symbol;
  if (!symbol || symbol.getName().startsWith('__')) return undefined;
  for (const look of looks) {
    const name = exportedNames(look).find((one) => returnOf(look, one) === symbol)?.getName();
    const own = name && exportsOf(look).functions.find((one) => one.name === name);
    if (own) return { name, file: path.relative(look.root, look.source.fileName), isAsync: own.isAsync, params: own.params };
  }
  return undefined;
}

function exportedNames({ checker, source }) {
  const module = checker.getSymbolAtLocation(source);
  return module ? checker.getExportsOfModule(module) : [];
}

/** The named type that an exported function returns, or promises. */
function returnOf({ checker, source }, symbol) {
  const returns = checker.getTypeOfSymbolAtLocation(symbol, source).getCallSignatures()[0]?.getReturnType();
  const result = returns && (checker.getAwaitedType(returns) ?? returns);
  return result?.aliasSymbol ?? result?.symbol;
}

module.exports = { graphqlOf, besideSchema, besideResolvers, exportedIn, isResolvers };
