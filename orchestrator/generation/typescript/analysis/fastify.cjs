'use strict';
// What a target is to Fastify: plugins, hooks and handlers; and what of the server it takes for granted.
// Reads; never runs project code.

const fs = require('node:fs');
const path = require('node:path');
const { treeOf } = require('../types.cjs');
const { fold } = require('./constants.cjs');
const { paramOf } = require('./exports.cjs');
const { isPure, projectFile } = require('./imports.cjs');
const { propertyOf, serverPart } = require('./nodes.cjs');
const { partsOf, routesOf } = require('./routes.cjs');
const { shapeOf } = require('./shapes.cjs');

const COMPILERS = ['setValidatorCompiler', 'setSerializerCompiler'];
const HOOKS = ['onRequest', 'preParsing', 'preValidation', 'preHandler'];
const ADMITS = /auth|role|user|session|token|jwt|permi|admin|guard|login|signed|require/i;
/** Methods of a request that check who sent it. */
const VERIFIES = /auth|verify|session|token/i;

/** What of the target is Fastify's, null if nothing is. Names roles of imports in place. `others` are files that run with it. */
function fastifyOf(look, imports, others) {
  const exported = exportsOf(look);
  const plugins = exported.filter((one) => isPlugin(look, one)).map((one) => pluginOf(look, one));
  const hooks = [...exported.map((one) => hookOf(look, one)), ...plugins.map((one) => answeringOf(look, one))].filter(Boolean);
  if (!plugins.length && !hooks.length) return null;
  const used = usesTogether(look, others);
  nameRoles(look, imports, used);
  return {
    plugins, hooks, ...used, routes: routesOf(look), headers: headersOf(look), hasGate: used.gates.some(({ admits }) => admits) || imports.some((one) => one.names.some(({ role, admits }) => role && admits)),
    errorHandler: plugins.length ? handedTo(look, 'setErrorHandler') : null,
    compilers: plugins.length ? COMPILERS.map((method) => ({ method, ...handedTo(look, method) })).filter(({ name }) => name) : [],
  };
}

// --- what is exported ------------------------------------------------------------------------------------------

function exportsOf(look) {
  const { ts, checker, source } = look;
  const module = checker.getSymbolAtLocation(source);
  return (module ? checker.getExportsOfModule(module) : []).flatMap((one) => {
    const symbol = one.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(one) : one;
    const [node] = symbol.declarations ?? [];
    if (!node || node.getSourceFile() !== source) return [];
    const signature = signatureOf(look, checker.getTypeOfSymbolAtLocation(symbol, node), node);
    if (!signature) return [];
    const local = symbol.getName() === 'default' ? 'default' : symbol.getName();
    return [{ name: one.getName(), local, node, signature, params: signature.parameters.map((own) => serverPart(checker.getTypeOfSymbolAtLocation(own, node))) }];
  });
}

/** Whether Fastify can register a function: one that is given a server and answers something else is a function like others. */
function isPlugin({ ts, checker }, { params, signature }) {
  const returned = signature.getReturnType();
  const result = checker.getAwaitedType(returned) ?? returned;
  const nothing = ts.TypeFlags.Void | ts.TypeFlags.Undefined | ts.TypeFlags.Any | ts.TypeFlags.Unknown | ts.TypeFlags.Never;
  return params[0] === 'instance' && (result.isUnion() || Boolean(result.flags & nothing) || serverPart(result) === 'instance');
}

/** How something is called; where a wrapper without types made it, such as `fastify-plugin` that is required, as what it wraps. */
function signatureOf({ ts, checker }, type, node) {
  const made = node.initializer ?? node.expression;
  const isWrapped = type.flags & ts.TypeFlags.Any && made && ts.isCallExpression(made) && made.arguments.length;
  return (isWrapped ? checker.getTypeAtLocation(made.arguments[0]) : type).getCallSignatures()[0];
}

function pluginOf(look, { name, local, node, signature }) {
  const { ts, checker } = look;
  const [, given] = signature.parameters;
  const type = given && checker.getNonNullableType(checker.getTypeOfSymbolAtLocation(given, node));
  const own = (type?.getProperties() ?? []).filter((one) => !isFastifys(one));
  const options = own.map((one) => ({
    name: one.getName(), local: one.getName(), optional: Boolean(one.flags & ts.SymbolFlags.Optional), ...shapeOfProperty(look, one, node),
  }));
  // Types of older versions do not know `hasPlugin`.
  const isTyped = Boolean(checker.getTypeOfSymbolAtLocation(signature.parameters[0], node).getProperty('hasPlugin'));
  return { name, local, options, title: titleOf(look, node), isTyped };
}

/** The name that `fastify-plugin` is told. */
function titleOf(look, node) {
  const made = node.expression ?? node.initializer;
  const options = made && look.ts.isCallExpression(made) ? made.arguments[1] : undefined;
  const name = options && propertyOf(look.ts, options, 'name');
  return name ? fold(look, name) ?? null : null;
}

function shapeOfProperty(look, symbol, node) {
  const type = look.checker.getNonNullableType(look.checker.getTypeOfSymbolAtLocation(symbol, node));
  const shape = shapeOf(look, type, node);
  return shape.shape === 'value' ? shape : { ...shape, type: { k: 'any' } };
}

function isFastifys(symbol) {
  return (symbol.declarations ?? []).some((one) => /\/node_modules\/fastify\//.test(one.getSourceFile().fileName));
}

/** A function that Fastify calls with a request; or one that makes such a function, a `maker`. */
function hookOf(look, { name, node, signature, params }) {
  const { ts, checker } = look;
  const body = functionIn(ts, node);
  if (!body) return null;
  if (params[0] === 'request' && !isGivenMore()) {
    const acts = kindOf(signature, params);
    return { name, acts, maker: null, ...(acts === 'handler' ? askedBy(look, body) : {}) };
  }
  if (params[1] === 'request') return { name, acts: 'error', maker: null };
  const made = signature.getReturnType().getCallSignatures()[0];
  const inner = made?.parameters.map((one) => serverPart(checker.getTypeOfSymbolAtLocation(one, node))) ?? [];
  return inner[0] === 'request' ? { name, acts: kindOf(made, inner), maker: body.parameters.map((param) => madeOf(look, param)) } : null;

  /** Whether it takes something beside the request that Fastify would not hand over. */
  function isGivenMore() {
    const [, second] = signature.parameters;
    return Boolean(second) && !params[1] && !checker.getTypeOfSymbolAtLocation(second, node).getCallSignatures().length;
  }

  function kindOf(one, parts) {
    const returns = one.getReturnType();
    const result = checker.getAwaitedType(returns) ?? returns;
    if (result.flags & (ts.TypeFlags.Void | ts.TypeFlags.Undefined)) return 'hook';
    if (serverPart(result) === 'reply') return 'handler';
    return parts.length === 1 ? 'viewer' : 'handler';
  }
}

/** What a handler takes its request to contain, and a path that has its parameters. */
function askedBy(look, body) {
  const parts = partsOf(look, body);
  const names = Object.keys(parts.params?.properties ?? {});
  return { parts, path: names.length ? names.map((one) => `/:${one}`).join('') : '/*' };
}

/** A plugin that needs nothing and tells a server how to answer errors; `null` for another one, and where somebody else's function does. */
function answeringOf({ source }, { name, options }) {
  const isOwn = /\.setErrorHandler\(\s*(async\b|function\b|\()/.test(source.text);
  return isOwn && options.every(({ optional }) => optional) ? { name, acts: 'answers', maker: null } : null;
}

/** A parameter of a maker: an object of services and values, member by member. */
function madeOf(look, param) {
  const own = paramOf(look, param);
  if (own.type.k !== 'object') return { ...own, shape: 'value' };
  const type = look.checker.getTypeAtLocation(param);
  const members = type.getProperties().map((one) => ({
    name: one.getName(), local: one.getName(), optional: Boolean(one.flags & look.ts.SymbolFlags.Optional), ...shapeOfProperty(look, one, param),
  }));
  return { ...own, shape: 'members', members };
}

function functionIn(ts, node) {
  const body = node.initializer ?? node.expression ?? node;
  return ts.isFunctionDeclaration(body) || ts.isArrowFunction(body) || ts.isFunctionExpression(body) ? body : null;
}

// --- what it takes for granted ---------------------------------------------------------------------------------

/** What the target uses of a server, and what files that run with it read of it. */
function usesTogether(look, others) {
  const used = usesOf(look);
  const all = others.map((source) => usesOf({ ...look, source }));
  const made = [used, ...all].flatMap(({ decorates }) => decorates.map(({ name }) => name));
  const read = all.flatMap(({ decorations }) => decorations.filter(({ on }) => on === 'instance'));
  const fresh = read.filter(({ name }) => ![...made, ...used.decorations.map((one) => one.name)].includes(name));
  return { ...used, decorations: [...used.decorations, ...new Map(fresh.map((one) => [one.name, one])).values()] };
}

/** What is read of the server, a request or a reply that Fastify itself does not have, and who guards the routes. */
function usesOf(look) {
  const { ts, checker, source } = look;
  const decorations = new Map();
  const made = new Map();
  const gates = new Map();
  const gate = (node) => {
    if (ts.isArrayLiteralExpression(node)) node.elements.forEach(gate);
    const isMade = ts.isCallExpression(node);
    const callee = isMade ? node.expression : node;
    const isServers = ts.isPropertyAccessExpression(callee) && serverPart(checker.getTypeAtLocation(callee.expression));
    const name = ts.isIdentifier(callee) ? callee.text : isServers ? callee.name.text : null;
    if (name) gates.set(name, { name, isMade, admits: ADMITS.test(name) });
  };
  const visit = (node) => {
    if (ts.isPropertyAccessExpression(node)) {
      const on = serverPart(checker.getTypeAtLocation(node.expression));
      const symbol = on && checker.getSymbolAtLocation(node.name);
      const own = node.expression.getText();
      if (symbol && !isFastifys(symbol)) decorations.set(`${on}.${node.name.text}`, { on, name: node.name.text, local: on === 'instance' ? `${own}.${node.name.text}` : node.name.text, verifies: on === 'request' && VERIFIES.test(node.name.text), ...shapeOfProperty(look, symbol, node) });
    }
    if (ts.isPropertyAssignment(node) && HOOKS.includes(node.name.getText())) gate(node.initializer);
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const [first, second] = node.arguments;
      if (node.expression.name.text === 'addHook' && first && HOOKS.includes(fold(look, first)) && second) gate(second);
      if (/^decorate/.test(node.expression.name.text) && first) made.set(fold(look, first), { name: fold(look, first), on: node.expression.name.text, isFunction: Boolean(second && ts.isFunctionLike(second)) });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { decorations: [...decorations.values()].filter(({ name }) => !made.has(name)), decorates: [...made.values()].filter(({ name, on }) => name && on === 'decorate'), gates: [...gates.values()] };
}

/** An imported guard, a maker of guards, and what tells who is signed in: each is replaced in its own way. */
function nameRoles({ ts, checker, source }, imports, { gates }) {
  const guards = gates.map(({ name }) => name);
  const names = new Map(imports.flatMap((one) => (one.fate === 'replaced' ? one.names.map((name) => [name.local, name]) : [])));
  const visit = (node) => {
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && names.has(node.expression.text)) {
      const name = names.get(node.expression.text);
      const [first] = node.arguments;
      const takesRequest = first && serverPart(checker.getTypeAtLocation(first)) === 'request';
      const returns = checker.getTypeAtLocation(node);
      if (takesRequest && returns.getProperty('then')) name.role = 'gate';
      else if (takesRequest) Object.assign(name, { role: 'viewer', type: treeOf(ts, checker, returns, node) });
      else if (guards.includes(name.local)) name.role = 'maker';
    } else if (ts.isIdentifier(node) && names.has(node.text) && guards.includes(node.text)) names.get(node.text).role ??= 'gate';
    ts.forEachChild(node, visit);
  };
  source.statements.filter((one) => !ts.isImportDeclaration(one)).forEach(visit);
  for (const name of names.values()) if (name.role) name.admits = ADMITS.test(name.local);
}

function headersOf(look) {
  const { ts, source } = look;
  const found = new Set();
  const visit = (node) => {
    const isHeaders = (one) => ts.isPropertyAccessExpression(one) && one.name.text === 'headers';
    if (ts.isPropertyAccessExpression(node) && isHeaders(node.expression)) found.add(node.name.text);
    if (ts.isElementAccessExpression(node) && isHeaders(node.expression)) found.add(fold(look, node.argumentExpression));
    if (ts.isVariableDeclaration(node) && node.initializer && isHeaders(node.initializer) && ts.isObjectBindingPattern(node.name)) {
      node.name.elements.forEach((one) => found.add((one.propertyName ?? one.name).text));
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return [...found].filter((one) => typeof one === 'string').map((one) => one.toLowerCase());
}

// --- what the project tells its own server ----------------------------------------------------------------------

/** The function that the project hands to a method of its server, such as `setErrorHandler`, if it can be used without its surroundings. */
function handedTo(look, method) {
  const { ts, root } = look;
  for (const file of sourcesIn(root).sort()) {
    const text = fs.readFileSync(file, 'utf8');
    const name = text.match(new RegExp(`\\.${method}\\(\\s*(\\w+)\\s*\\)`))?.[1];
    if (!name) continue;
    const parsed = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
    for (const node of parsed.statements) {
      const bindings = ts.isImportDeclaration(node) && node.importClause?.namedBindings;
      const found = bindings && ts.isNamedImports(bindings) && bindings.elements.find((one) => one.name.text === name);
      if (!found) continue;
      const specifier = node.moduleSpecifier.text;
      const from = projectFile(look, specifier, file);
      const own = (found.propertyName ?? found.name).text;
      if (from && isPure(look, from, new Set())) return { name: own, file: path.relative(root, from) };
      if (!from && /^(@[\w-]+\/)?[\w-]/.test(specifier)) return { name: own, specifier };
    }
  }
  return null;
}

function sourcesIn(directory) {
  return fs.readdirSync(directory, { withFileTypes: true }).flatMap((one) => {
    const place = path.join(directory, one.name);
    if (one.isDirectory()) return /^(node_modules|dist|build|coverage|\..*)$/.test(one.name) ? [] : sourcesIn(place);
    return /\.[cm]?[jt]s$/.test(one.name) && !/\.(test|spec|d)\./.test(one.name) ? [place] : [];
  });
}

module.exports = { fastifyOf, headersOf, madeOf, sourcesIn };
