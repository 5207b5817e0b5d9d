'use strict';
// Routes of a Fastify plugin: each is sent right and wrong requests, with everything behind it answering from a script.

const { fieldsOf, inputOf } = require('../inputs.cjs');
const { bare, furnish, optionsOf, recorded, outcomeOf, failuresIn } = require('../server.cjs');

async function subjects(request, discover) {
  const found = [];
  for (const plugin of request.model.fastify?.plugins ?? []) {
    for (const route of await discover((stage) => routesOf(plugin, stage))) {
      const fn = `${route.method} ${route.url}`;
      found.push({ fn, plugin: plugin.name, route });
    }
  }
  return found;
}

async function routesOf(plugin, { request, outside, give, load }) {
  const routes = [];
  const { module, compilers } = load();
  const app = bare(request, compilers);
  app.addHook('onRoute', ({ method, url, schema }) => [method].flat().forEach((one) => routes.push({ method: one, url, schema: schema ?? null })));
  furnish(app, { model: request.model, outside, give });
  app.register(module[plugin.name], optionsOf(plugin, outside, give));
  await app.ready();
  const own = distinct(routes);
  for (const route of own) {
    const { routes: known } = request.model.fastify;
    route.parts = partsOf(route, known[`${route.method} ${route.url}`] ?? known[`ALL ${route.url}`] ?? {});
    delete route.schema;
    give.asked = () => { route.isGuarded = true; };
    await app.inject(give.input('request', (draws) => requestOf(draws, { ...route, isGuarded: true })));
  }
  await app.close();
  return own;
}

/** Each route once, without those that Fastify adds. */
function distinct(routes) {
  const seen = new Set();
  return routes.filter(({ method, url }) => {
    const key = `${method} ${url.replace(/(.)\/$/, '$1')}`;
    return method !== 'HEAD' && method !== 'OPTIONS' && !seen.has(key) && seen.add(key);
  });
}

/** What a request may contain: by the schema that Fastify checks, else by what the handler makes of it. */
function partsOf({ schema }, known) {
  const isZod = (one) => typeof one?.safeParse === 'function';
  const declared = (name) => (!isZod(schema?.[name]) && (schema?.[name]?.type || schema?.[name]?.properties) ? JSON.parse(JSON.stringify(schema[name])) : null);
  return {
    body: declared('body') ?? known.body ?? null,
    query: declared('querystring') ?? declared('query') ?? known.query ?? null,
    params: declared('params') ?? known.params ?? null,
    isDeclared: Boolean(declared('body') ?? (isZod(schema?.body) && known.body)),
    reads: known.reads ?? [],
  };
}

async function act({ request, subject, outside, give, load }) {
  const { module, errorHandler, compilers } = load();
  const app = bare(request, compilers);
  let sentBody;
  app.addHook('preSerialization', async (_request, _reply, payload) => { sentBody = payload; return payload; });
  if (errorHandler) app.setErrorHandler(errorHandler);
  furnish(app, { model: request.model, outside, give });
  const plugin = request.model.fastify.plugins.find(({ name }) => name === subject.plugin);
  app.register(module[plugin.name], optionsOf(plugin, outside, give));
  const response = recorded(await app.inject(give.input('request', (draws) => requestOf(draws, subject.route))));
  await app.close();
  const isEmptied = response.isJson && isEmpty(response.body) && sentBody && !isEmpty(JSON.parse(JSON.stringify(sentBody)));
  return { ...response, ...(isEmptied ? { isEmptied } : {}) };
}

function isEmpty(body) {
  return body !== null && typeof body === 'object' && !Array.isArray(body) && !Object.keys(body).length;
}

function requestOf(draws, { method, url, parts, isGuarded }) {
  const isSignedIn = isGuarded ? draws.choose('auth:', [['somebody', () => true], ['nobody', () => false, 'wrong']]) : false;
  const path = url.replace(/:(\w+)(\([^)]*\))?\??/g, (_, name) => encodeURIComponent(paramOf(draws, parts.params, name))).replace(/\*$/, 'anything');
  const query = fieldsOf(draws, 'query:', parts.query ?? {}, true);
  const payload = parts.body ? bodyOf(draws, parts.body) : undefined;
  return {
    method, url: path || '/',
    ...(Object.keys(query).length ? { query } : {}),
    ...(payload === undefined ? {} : { payload }),
    ...(isSignedIn ? { headers: { authorization: 'Bearer token-1' } } : {}),
  };
}

/** A part of the path, which cannot be empty. */
function paramOf(draws, schema, name) {
  return inputOf(draws, `params:${name}`, schema?.properties?.[name] ?? { type: 'string' }, name, true) || 'nothing';
}

function bodyOf(draws, schema) {
  if (schema.type !== 'object' || !schema.properties) return inputOf(draws, 'body:', schema, 'body');
  const required = schema.required ?? [];
  const hasOptional = Object.keys(schema.properties).some((name) => !required.includes(name));
  const whole = () => fieldsOf(draws, 'body:', schema);
  const onlyRequired = () => Object.fromEntries(Object.entries(draws.quietly(whole)).filter(([name]) => required.includes(name)));
  return draws.choose('body:', [
    ['whole', whole],
    ...(hasOptional ? [['only what is required', onlyRequired]] : []),
    ...(schema.additionalProperties === false ? [['with something unknown', () => ({ ...draws.quietly(whole), unknown: 'field' })]] : []),
    ...(schema.isOptional || schema.isNullable ? [['absent', () => undefined]] : [['absent', () => undefined, 'wrong']]),
  ]);
}

/** What is refused for one reason needs no second one. */
function isDeadEnd({ value, isWrong }) {
  return Boolean(isWrong && value && value.status >= 400);
}

function suspicion({ model }, { fn, value, script, isWrong, route }) {
  if (!value) return null;
  const failed = failuresIn(script);
  const undeclared = route.parts.isDeclared ? route.parts.reads.filter((name) => !Object.hasOwn(route.parts.body.properties ?? {}, name)) : [];
  if (value.isEmptied) return `${fn}: the schema of the response leaves nothing of its body`;
  if (value.status >= 500 && !failed.length && !isWrong) return `${fn}: answers ${value.status} to a request that is right`;
  if (value.status < 300 && failed.length && !/health|ready|live|status/i.test(model.target + fn)) return `${fn}: answers ${value.status} although ${failed.join(' and ')} failed`;
  if (undeclared.length) return `${fn}: reads ${undeclared.join(', ')}, which its schema does not declare`;
  return null;
}

/** Of all that a route was seen to do: a health check that never succeeds. */
function suspicionOfAll(fn, cases) {
  return cases.length && /health|ready|live/i.test(fn) && cases.every(({ value }) => !value || value.status >= 400) ? `${fn}: never succeeds` : null;
}

module.exports = { bodyOf, paramOf, distinct, partsOf, requestOf, subjects, act, outcome: outcomeOf, isDeadEnd, suspicion, suspicionOfAll };
