'use strict';
// Functions that Fastify calls with a request: hooks, handlers, error handlers, and functions that make them.
// Each is mounted on a server with nothing else, and is sent requests.

const { headerOf } = require('../headers.cjs');
const { fieldsOf } = require('../inputs.cjs');
const { bodyOf, paramOf } = require('./route.cjs');
const { bare, recorded, valueOf, outcomeOf } = require('../server.cjs');

function subjects({ model }) {
  return (model.fastify?.hooks ?? []).map((hook) => ({ fn: hook.name, hook }));
}

async function act({ request, subject: { hook }, outside, give, load }) {
  const { module } = load();
  const made = module[hook.name];
  const use = hook.maker ? made(...hook.maker.map((one) => argumentOf(one, outside, give))) : made;
  const app = bare(request);
  const known = request.model.fastify.decorations.filter(({ on, shape }) => on === 'request' && shape !== 'function');
  app.addHook('onRequest', async (sent) => known.forEach((one) => watch(sent, one, give)));
  mount(app, use, hook, known, give);
  const response = recorded(await app.inject(give.input('request', (draws) => requestOf(draws, request.model, hook))));
  await app.close();
  return response;
}

function argumentOf(param, outside, give) {
  if (param.shape !== 'members') return valueOf(param, outside, give);
  return Object.fromEntries(param.members.map((one) => [one.name, valueOf(one, outside, give)]).filter(([, value]) => value !== undefined));
}

/** A property of the request that something before would have set: it is decided when it is read. */
function watch(sent, { name, type }, give) {
  const at = `viewer:${name}`;
  let value;
  let isKnown = false;
  const read = () => {
    if (!isKnown) value = give.input(at, (draws) => draws.choose(at, [...draws.alternatives(at, type, name), ['nobody', () => undefined]]));
    isKnown = true;
    return value;
  };
  Object.defineProperty(sent, name, { get: read, set: (given) => { isKnown = true; value = given; }, configurable: true, enumerable: true });
  Object.defineProperty(sent, `${name}Known`, { get: () => (isKnown ? value : undefined) });
}

function mount(app, use, { acts, path = '/*' }, known, give) {
  const echo = async (sent) => Object.fromEntries([['passed', true], ...known.map(({ name }) => [name, sent[`${name}Known`]])]);
  if (acts === 'hook') app.addHook('preHandler', use);
  if (acts === 'error') app.setErrorHandler(use);
  if (acts === 'answers') app.register(use);
  const failing = async () => { throw give.input('error', errorOf); };
  const handlers = { hook: echo, error: failing, answers: failing, viewer: async (sent) => ({ returned: await use(sent) }), handler: use };
  app.all(path, handlers[acts]);
}

function requestOf(draws, { hints, fastify }, { acts, parts = {}, path = '/*' }) {
  const headers = Object.fromEntries(fastify.headers.map((name) => [name, draws.choose(`header:${name}`, headerOf(draws, name))]).filter(([, value]) => value !== undefined));
  const query = fieldsOf(draws, 'query:', parts.query ?? {}, true);
  const payload = parts.body ? bodyOf(draws, parts.body) : undefined;
  return {
    method: methodOf(draws, acts, parts), url: path === '/*' ? urlOf(draws, hints) : path.replace(/:(\w+)/g, (_, name) => encodeURIComponent(paramOf(draws, parts.params, name))),
    ...(Object.keys(headers).length ? { headers } : {}),
    ...(Object.keys(query).length ? { query } : {}),
    ...(payload === undefined ? {} : { payload }),
  };
}

function methodOf(draws, acts, { body }) {
  if (body) return 'POST';
  return ['error', 'answers'].includes(acts) ? 'GET' : draws.choose('method:', ['GET', 'POST'].map((one) => [one, () => draws.heard('method', one)]));
}

function urlOf(draws, hints) {
  const paths = ['/', ...hints.strings.filter((one) => one.startsWith('/')), '/elsewhere?page=2'];
  return draws.choose('url:', paths.map((one) => [one, () => draws.heard('url', one)]));
}

/** Errors of every sort that the target tells apart. */
function errorOf(draws) {
  return draws.choose('error:', draws.errors());
}

module.exports = { subjects, act, outcome: outcomeOf };
