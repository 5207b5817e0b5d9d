'use strict';
// A whole application, put together by its own builder: plugins, middleware and routes are real; only what connects it to
// databases and networks answers from a script.

const { distinct, partsOf, requestOf } = require('./route.cjs');
const { optionsOf, valueOf, recorded, outcomeOf } = require('../server.cjs');

const TOKEN = /\beyJ[\w-]+\.[\w-]+\.[\w-]*/;
const UNKNOWN = { method: 'GET', url: '/no-such-route', parts: {}, isGuarded: false };
/** What may be decided in another way than the simplest: these few, since each try builds the whole application. */
const FOLLOWED = /^(auth:|body:$|signer:|reply:[01]$)/;
const MOST_ALTERNATIVES = 2;

async function subjects({ model: { application } }, discover) {
  if (!application) return [];
  const routes = await discover((stage) => routesOf(application, stage));
  const mostly = { follows: ({ path }) => FOLLOWED.test(path), most: MOST_ALTERNATIVES };
  return [
    { fn: 'routes', routes: routes.map(({ method, url }) => [method, url]) },
    ...routes.map((route) => ({ fn: `${route.method} ${route.url}`, route, ...mostly })),
    { fn: 'an unknown route', route: UNKNOWN },
    { fn: 'options', route: routes[0] ?? UNKNOWN, follows: ({ path }) => /^option:/.test(path), most: 4 },
    { fn: 'close' },
  ];
}

/** All routes there are, with what a request to each may contain. */
async function routesOf(application, { outside, give, load }) {
  const heard = [];
  const { module } = load((route) => heard.push(route));
  const app = await started(application, module, outside, give);
  await quietly(outside, () => app.close());
  const routes = distinct(heard.flatMap(({ method, url, schema }) => [method].flat().map((one) => ({ method: one, url, schema: schema ?? null }))));
  return routes.map((route) => ({ ...route, isGuarded: Boolean(application.signer), parts: partsOf(route, knownOf(application, route)) }));
}

/** What the source says of a route: where its plugin is mounted with the longest prefix. */
function knownOf({ mounts }, { method, url }) {
  const fits = mounts.filter(({ prefix }) => url.startsWith(prefix)).sort((one, two) => two.prefix.length - one.prefix.length);
  for (const { prefix, routes } of fits) {
    const known = routes[`${method} ${url.slice(prefix.length) || '/'}`];
    if (known) return known;
  }
  return {};
}

async function act({ request, subject, outside, give, load }) {
  const { application } = request.model;
  const { module, signer } = load();
  if (subject.fn === 'close') {
    const app = await module[application.name]();
    await app.ready();
    return app.close();
  }
  const app = await started(application, module, outside, give);
  try {
    if (subject.fn === 'routes') return subject.routes.filter(([method, url]) => app.hasRoute({ method, url }));
    const sent = give.input('request', (draws) => requestOf(draws, subject.route));
    const claims = sent.headers && signer ? give.input('claims', (draws) => application.signer.params.map((one) => draws.draw(`signer:${one.name}`, one.type, one.name))) : null;
    const headers = claims ? { headers: { authorization: `Bearer ${await signer(...claims)}` } } : {};
    return shown(recorded(await app.inject({ ...sent, ...headers })));
  } finally {
    await quietly(outside, () => app.close());
  }
}

/** What is asked while an application starts is not what a request asks. */
async function started({ name, params }, module, outside, give) {
  return quietly(outside, async () => {
    const app = await module[name](...params.map((one) => (one.members ? optionsOf({ options: one.members }, outside, give) : one.optional ? undefined : valueOf(one, outside, give))));
    await app.ready();
    return app;
  });
}

async function quietly(outside, work) {
  const { answer } = outside;
  outside.answer = () => undefined;
  try {
    return await work();
  } finally {
    outside.answer = answer;
  }
}

/** A response in which tokens are any text: they depend on a secret of the environment. */
function shown(response) {
  const without = (value) => {
    if (typeof value === 'string') return TOKEN.test(value) ? { $text: true } : value;
    if (value === null || typeof value !== 'object') return value;
    return Array.isArray(value) ? value.map(without) : Object.fromEntries(Object.entries(value).map(([key, one]) => [key, without(one)]));
  };
  return { ...response, body: without(response.body) };
}

function outcome(made, heard) {
  if (!made.route) return `${made.fn} ${made.error ? 'fails' : 'works'}`;
  const isRefused = made.value && [401, 403].includes(made.value.status) && !made.inputs.request?.headers;
  return isRefused ? `${made.fn} refuses nobody` : outcomeOf(made, heard);
}

function isDeadEnd({ choices }) {
  return choices.length > 0;
}

module.exports = { subjects, act, outcome, isDeadEnd, isShared: true };
