'use strict';
// A function that builds a whole server, what it is made of, and which parts of that are connections to the outside.
// Reads; never runs project code.

const path = require('node:path');
const { fold } = require('./constants.cjs');
const { paramOf } = require('./exports.cjs');
const { madeOf } = require('./fastify.cjs');
const { isCall, namesOf } = require('./loading.cjs');
const { projectFile } = require('./imports.cjs');
const { propertyOf, serverPart } = require('./nodes.cjs');
const { routesOf } = require('./routes.cjs');
const { treeOf } = require('../types.cjs');

/** Packages that only compute: they run as they are in a whole application. */
const COMPUTES = /^(node:)?(fs|fs\/promises|os|crypto)$|^(jsonwebtoken|jose|bcrypt|bcryptjs|argon2|sharp|winston|pino|nanoid|uuid|dotenv)(\/.*)?$/;
const SIGNER = /^(sign|create|issue|generate|make|encode)\w*(token|jwt)$/i;
const NO_LOGIN = /refresh|reset|verif|mail|csrf|invit|unsub/i;

/** The exported function that returns a server and takes none, null if there is none. */
function builderOf({ ts, checker, source }) {
  const module = checker.getSymbolAtLocation(source);
  for (const one of module ? checker.getExportsOfModule(module) : []) {
    const symbol = one.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(one) : one;
    const [node] = symbol.declarations ?? [];
    if (!node || node.getSourceFile() !== source) continue;
    const signature = checker.getTypeOfSymbolAtLocation(symbol, node).getCallSignatures()[0];
    if (!signature || signature.parameters.some((own) => serverPart(checker.getTypeOfSymbolAtLocation(own, node)))) continue;
    const made = signature.getReturnType();
    if (serverPart(checker.getAwaitedType(made) ?? made) === 'instance') return { name: one.getName(), node };
  }
  return null;
}

/** What becomes of an import of a whole application: only connections are replaced, all else is walked. */
function fateIn(look) {
  const connecting = new Map();
  const isConnection = ({ file, specifier, fate }) => !file && fate === 'replaced' && !COMPUTES.test(specifier);
  return (one, importsIn) => {
    if (!one.file) return isConnection(one) || one.fate === 'steady' ? one.fate : 'real';
    if (!connecting.has(one.file)) {
      const source = look.program.getSourceFile(path.join(look.root, one.file));
      const names = importsIn({ ...look, source }).filter(isConnection).flatMap((own) => own.names.map(({ local }) => local));
      connecting.set(one.file, source.statements.some((node) => isCall(look, node, names)));
    }
    return connecting.get(one.file) ? 'replaced' : 'walked';
  };
}

/** What the tests of a whole application need to know of it. */
function applicationOf(look, builder, walked) {
  const body = builder.node.initializer ?? builder.node;
  const params = (body.parameters ?? []).map((param) => madeOf(look, param));
  const routes = Object.fromEntries(walked.map((source) => [source.fileName, routesOf({ ...look, source })]));
  const mounts = mountsOf(look, look.source, '', new Set());
  const environments = walked.filter((source) => source !== look.source && /\bprocess\.env\b/.test(source.text));
  const read = environments.map((source) => ({ file: path.relative(look.root, source.fileName), names: namesOf({ ...look, source }).filter((name) => name !== 'NODE_ENV') }));
  return { name: builder.name, params, environments: read.filter(({ names }) => names.length), signer: signerOf(look, walked), mounts: mounts.map(({ prefix, file }) => ({ prefix, file, routes: routes[file] ?? {}, isOwn: file === look.source.fileName })) };
}

/** Which files register routes, each with the whole prefix of its paths. */
function mountsOf(look, source, prefix, seen) {
  const { ts } = look;
  if (seen.has(`${prefix} ${source.fileName}`) || seen.size > 200) return [];
  seen.add(`${prefix} ${source.fileName}`);
  const found = [{ prefix, file: source.fileName }];
  const visit = (node) => {
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) && node.expression.name.text === 'register' && node.arguments[0]) {
      const given = propertyOf(ts, node.arguments[1], 'prefix');
      const next = fileOf(look, source, node.arguments[0]);
      if (next) found.push(...mountsOf(look, next, prefix + ((given && fold(look, given)) || ''), seen));
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function fileOf(look, source, node) {
  const { ts, program } = look;
  if (!ts.isIdentifier(node)) return null;
  for (const one of source.statements) {
    const clause = ts.isImportDeclaration(one) && one.importClause;
    const bindings = clause && clause.namedBindings;
    const isIt = clause && (clause.name?.text === node.text || (bindings && ts.isNamedImports(bindings) && bindings.elements.some(({ name }) => name.text === node.text)));
    const file = isIt && projectFile(look, one.moduleSpecifier.text, source.fileName);
    if (file) return program.getSourceFile(file) ?? null;
  }
  return null;
}

/** The project's function that makes the token with which somebody is signed in, null if there is none. */
function signerOf(look, walked) {
  const { ts, checker, root } = look;
  for (const source of walked) {
    const module = checker.getSymbolAtLocation(source);
    for (const one of module ? checker.getExportsOfModule(module) : []) {
      const node = one.valueDeclaration;
      if (!node || !SIGNER.test(one.getName()) || NO_LOGIN.test(one.getName())) continue;
      const body = node.initializer ?? node;
      const [signature] = checker.getTypeOfSymbolAtLocation(one, node).getCallSignatures();
      const made = signature?.getReturnType();
      const tree = made && treeOf(ts, checker, checker.getAwaitedType(made) ?? made, node);
      if (tree?.k === 'string' && ts.isFunctionLike(body)) {
        return { name: one.getName(), file: path.relative(root, source.fileName), isAsync: Boolean(made.getProperty('then')), params: body.parameters.map((param) => paramOf({ ...look, source }, param)) };
      }
    }
  }
  return null;
}

module.exports = { applicationOf, builderOf, fateIn };
