'use strict';
// A bare Fastify around a target, with stand-ins for what the target takes for granted. Runs inside Jest.

const path = require('node:path');
const { standIn } = require('./guards.cjs');

const USUAL = ['content-length', 'date', 'connection', 'keep-alive', 'transfer-encoding'];
/** How an outcome begins that is the same whatever was asked for, so that one test of it is enough. */
const EVERYWHERE = 'everywhere:';
const STACK = /\n\s+at .*:\d+:\d+/;
const NAMED = Symbol.for('fastify.display-name');
/** A logger that says nothing: what a server logs is no behaviour. */
const QUIET = { level: 'silent', child: () => QUIET };
for (const level of ['fatal', 'error', 'warn', 'info', 'debug', 'trace']) QUIET[level] = () => {};
const packages = new Map();
const compiled = new Map();

/** Return a server that validates as Fastify does, and as quickly as if it were always the same one; or with the project's own `compilers`. */
function bare({ root }, compilers = []) {
  const app = fastifyIn(root)(quickOptions(root));
  for (const [method, compiler] of compilers) app[method](compiler);
  return app;
}

function quickOptions(root) {
  const factories = ['@fastify/ajv-compiler', '@fastify/fast-json-stringify-compiler'].map((name) => compilerOf(root, name));
  const [buildValidator, buildSerializer] = factories;
  return buildValidator && buildSerializer ? { schemaController: { compilersFactory: { buildValidator, buildSerializer } } } : {};
}

/** The package `fastify` whose servers are as quick; `hear` is told of each route. */
function quick(root, real, hear) {
  const fastify = real.default ?? real.fastify ?? real;
  const make = (options) => {
    const app = fastify({ ...quickOptions(root), ...options });
    if (hear) app.addHook('onRoute', hear);
    const { register } = app;
    app.register = function (plugin, ...rest) { // without a name, Fastify looks for one among all modules
      if (typeof plugin === 'function') plugin[NAMED] ??= plugin.name || 'plugin';
      return register.call(this, plugin, ...rest);
    };
    return app;
  };
  return Object.assign(make, real, { __esModule: true, default: make, fastify: make });
}

function fastifyIn(root) {
  const made = packageIn(root, 'fastify');
  return made.default ?? made.fastify ?? made;
}

function packageIn(root, name, from = root) {
  if (!packages.has(name)) packages.set(name, require(require.resolve(name, { paths: [from] })));
  return packages.get(name);
}

function compilerOf(root, name) {
  try {
    const from = path.dirname(require.resolve('fastify', { paths: [root] }));
    const made = packageIn(root, name, from);
    const factory = (made.default ?? made.AjvCompiler ?? made.SerializerSelector ?? made)();
    return (...given) => remembering(name, given, factory(...given));
  } catch {
    return null;
  }
}

function remembering(name, given, compile) {
  return (route) => {
    const key = JSON.stringify([name, given, route.schema, route.httpPart, route.httpStatus]);
    if (!compiled.has(key)) compiled.set(key, compile(route));
    return compiled.get(key);
  };
}

/** Give a server what the target expects to be there already. */
function furnish(app, { model, outside, give }) {
  const { decorations, gates, plugins } = model.fastify;
  const guards = new Map(gates.map((one) => [one.name, one]));
  for (const one of decorations) {
    const gate = guards.get(one.name);
    const role = gate && (gate.isMade ? 'maker' : 'gate');
    const stand = role ? standIn({ role, local: one.name, admits: gate.admits }, outside, give) : null;
    if (one.on === 'instance') app.decorate(one.name, { getter: () => stand ?? valueOf(one, outside, give) });
    if (one.on === 'request' && one.shape === 'function') app.decorateRequest(one.name, methodOf(one, outside, give));
    if (one.on === 'reply' && one.shape === 'function') app.decorateReply(one.name, outside.fn(one.name));
  }
  const known = decorations.filter(({ on, shape }) => on === 'request' && shape !== 'function');
  if (!known.length || !plugins.length) return;
  for (const { name } of known) app.decorateRequest(name, null);
  const isGuarded = gates.some(({ admits }) => admits);
  app.addHook('onRequest', async (request) => {
    const admit = () => known.forEach((one) => { request[one.name] = give.input(`viewer:${one.name}`, (draws) => draws.draw(`viewer:${one.name}`, one.type, one.name)); });
    if (isGuarded) request.orchestrateAdmit = admit;
    else if (request.headers.authorization) admit();
  });
}

/** A method of a request: one that checks who sent it, such as `jwtVerify`, or a service like any other. */
function methodOf({ local, isSync, verifies }, outside, give) {
  if (!verifies) return outside.fn(local, isSync);
  const admit = standIn({ role: 'gate', admits: true }, outside, give);
  return async function () {
    await admit(this);
    outside.note(local, []);
  };
}

function valueOf(one, outside, give, isWhole) {
  if (one.isLogger) return QUIET;
  if (one.shape === 'query') return outside.query(one.local);
  if (one.shape === 'object' || one.shape === 'class') return outside.object(one.local);
  if (one.shape === 'function') return outside.fn(one.local);
  return give.input(`option:${one.name}`, (draws) => {
    const own = draws.alternatives(`option:${one.name}`, one.type, one.name);
    const omitted = ['omitted', () => undefined];
    return draws.choose(`option:${one.name}`, !one.optional ? own : isWhole ? [...own, omitted] : [omitted, ...own]);
  });
}

function optionsOf({ options, isWhole }, outside, give) {
  return Object.fromEntries(options.map((one) => [one.name, valueOf(one, outside, give, isWhole)]).filter(([, value]) => value !== undefined));
}

/** A response as it is recorded: no header that every response has. */
function recorded(response) {
  const type = String(response.headers['content-type'] ?? '');
  const isJson = /^application\/([\w.]+\+)?json/.test(type) && response.body !== '';
  const headers = Object.entries(response.headers).filter(([name]) => !USUAL.includes(name) && !(name === 'content-type' && (isJson || !type)));
  return { status: response.statusCode, body: isJson ? withoutPlaces(JSON.parse(response.body)) : response.body, isJson, headers: Object.fromEntries(headers) };
}

/** A body in which it does not count where an error was made: any text stands for that. */
function withoutPlaces(value) {
  if (typeof value === 'string') return STACK.test(value) ? { $text: true } : value;
  if (value === null || typeof value !== 'object') return value;
  return Array.isArray(value) ? value.map(withoutPlaces) : Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withoutPlaces(one)]));
}

/** Same status for the same reason: which field is wrong counts, what a dependency said does not. */
function outcomeOf({ value, script }, heard) {
  if (!value) return null;
  if (failuresIn(script).length) return `answers ${value.status} after a failure`;
  const told = JSON.stringify(value.body).replace(/\d+/g, '0');
  return `answers ${value.status} ${value.status >= 400 ? heard.reduce((text, one) => text.replaceAll(one.replace(/\d+/g, '0'), ''), told) : ''}`;
}

/** What was asked of the outside and failed. */
function failuresIn(script) {
  return script.filter(([, answer]) => answer && (answer.$error || answer.$new)).map(([line]) => line.split('(')[0]);
}

module.exports = { EVERYWHERE, bare, quick, furnish, optionsOf, valueOf, recorded, outcomeOf, failuresIn };
