'use strict';
// A whole application, put together by its own builder: plugins, middleware and routes are real; only what connects it to
// databases and networks answers from a script.

const { environmentFor } = require('../environments.cjs');
const { distinct, partsOf, requestOf } = require('./route.cjs');
const { optionsOf, valueOf, failuresIn, recorded, outcomeOf } = require('../server.cjs');

const TOKEN = /\beyJ[\w-]+\.[\w-]+\.[\w-]*/;
const UNKNOWN = { method: 'GET', url: '/no-such-route', parts: {}, isGuarded: false };
/** What may be decided in another way than the simplest: these few, since each try builds the whole application. */
const FOLLOWED = /^(auth:|body:$|reply:[01]$)/;
/** Of a route that the target itself registers. */
const FOLLOWED_OWN = /^(auth:|body:|query:|params:|reply:\d)/;
const MOST_ALTERNATIVES = 2;
const MOST_OF_OWN = 12;
const NOTHING = () => false;
const NOBODY = { 'auth:': 1 };

async function subjects({ model }, discover) {
  const { application } = model;
  if (!application) return [];
  const find = () => discover((stage) => routesOf(application, stage));
  const routes = await find().catch(() => {
    application.isWhole = true; // it needs more than its types say
    return find().catch((error) => settled(model, find, error));
  });
  return [
    { fn: 'routes', routes: routes.map(({ method, url }) => [method, url]), follows: NOTHING },
    ...routes.map((route) => ({ fn: `${route.method} ${route.url}`, route, ...tried(route, routes) })),
    { fn: 'an unknown route', route: UNKNOWN, follows: NOTHING },
    { fn: 'options', route: routes[0] ?? UNKNOWN, follows: ({ path }) => /^option:/.test(path), most: 4 },
    { fn: 'close', follows: NOTHING },
  ];
}

/** What is found once the environment is such that the application loads. */
async function settled(model, find, error) {
  const { application } = model;
  application.isWhole = false;
  const loads = (environment) => {
    application.environment = environment;
    return find();
  };
  application.environment = await environmentFor(model, [...new Set(application.environments.flatMap(({ names }) => names))], loads);
  if (!application.environment) throw error;
  return find();
}

/** How a route is tried: the first of its plugin in several ways, the others by nobody; their own tests do the rest. */
function tried(route, routes) {
  if (route.isOwn) return { follows: ({ path }, made) => FOLLOWED_OWN.test(path) && !isUnfit(made), most: MOST_OF_OWN };
  const isFirst = routes.find(({ mount }) => mount === route.mount) === route;
  const follows = ({ path }, made) => !isUnfit(made) && (FOLLOWED.test(path) || (/^signer:/.test(path) && made.value?.status === 403));
  return isFirst ? { follows, most: MOST_ALTERNATIVES } : { follows: NOTHING, begins: route.isGuarded ? NOBODY : {} };
}

/** All routes there are, with what a request to each may contain. */
async function routesOf(application, { outside, give, load }) {
  const heard = [];
  const { module } = load((route) => heard.push(route));
  const app = await started(application, module, outside, give);
  const routes = distinct(heard.flatMap(({ method, url, schema }) => [method].flat().map((one) => ({ method: one, url, schema: schema ?? null }))));
  const least = (await askedBy(app, UNKNOWN, outside, give)).calls;
  for (const route of routes) {
    const { known, ...place } = knownOf(application, route);
    Object.assign(route, place, { parts: partsOf(route, known), schema: undefined });
    const { status, calls } = await askedBy(app, route, outside, give);
    // A guard refuses before anything is looked up.
    route.isGuarded = Boolean(application.signer) && [401, 403].includes(status) && calls <= least;
  }
  await quietly(outside, () => app.close());
  return routes;
}

/** How a request of nobody is answered, and how much was asked for it. */
async function askedBy(app, route, outside, give) {
  const { answer } = outside;
  let calls = 0;
  outside.answer = (...args) => { calls += 1; return answer(...args); };
  try {
    const { statusCode } = await app.inject(give.input('request', (draws) => requestOf(draws, { ...route, isGuarded: false })));
    return { status: statusCode, calls };
  } finally {
    outside.answer = answer;
  }
}

/** What the source says of a route: where its plugin is mounted with the longest prefix. */
function knownOf({ mounts }, { method, url }) {
  const fits = mounts.filter(({ prefix }) => url.startsWith(prefix)).sort((one, two) => two.prefix.length - one.prefix.length);
  for (const mount of fits) {
    const known = mount.routes[`${method} ${url.slice(mount.prefix.length) || '/'}`];
    if (known) return { known, mount: mounts.indexOf(mount), isOwn: mount.isOwn };
  }
  return { known: {}, mount: url.split('/')[1], isOwn: false };
}

async function act({ request, subject, outside, give, load }) {
  const { application } = request.model;
  const { module, signer } = load();
  if (subject.fn === 'close') {
    const { answer } = outside;
    outside.answer = (line, site) => answer(line, { ...site, isVoid: true });
    const app = await module[application.name](...(application.params.every(({ optional }) => optional) ? [] : given(application, outside, give)));
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
async function started(application, module, outside, give) {
  return quietly(outside, async () => {
    const app = await module[application.name](...given(application, outside, give));
    await app.ready();
    return app;
  });
}

function given({ params, isWhole }, outside, give) {
  return params.map((one) => (one.members ? optionsOf({ options: one.members, isWhole }, outside, give) : one.optional ? undefined : valueOf(one, outside, give)));
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
  const { status } = made.value ?? {};
  if (made.route.isGuarded && !made.inputs.request?.headers) return `${made.fn} answers nobody ${status}`;
  return status < 400 ? `${made.route.mount} is answered` : outcomeOf(made, heard);
}

function isDeadEnd({ choices }) {
  return choices.length > 0;
}

/** An error of the server that nothing outside caused comes from answers that do not fit: it is no behaviour. */
function isUnfit({ value, script }) {
  return value?.status >= 500 && !failuresIn(script).length;
}

module.exports = { isUnfit, subjects, act, outcome, isDeadEnd, isShared: true };
