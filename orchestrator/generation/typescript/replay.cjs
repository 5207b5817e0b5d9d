'use strict';
// Runs one case in a fresh copy of the target with everything around it replaced. Runs inside Jest.

const path = require('node:path');
const { Draws, NOW } = require('./draws.cjs');
const { Outside } = require('./outside.cjs');
const { encode, decode, errorOf, instance, classes, hand } = require('./values.cjs');
const { actOf } = require('./acts.cjs');
const { standIn } = require('./guards.cjs');
const { quick } = require('./server.cjs');

const MOST_CALLS = 60;
const MOST_BEFORE = 2;
const LONGEST_QUIET_MS = 2000;
const LOOK_MS = 100;
const BUSY_US = 5_000;
// No name: an object that learns would have a property of any name.
const MADE_OF = Symbol('made of');
const UPTIME = 60;
const REAL = ['hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'clearImmediate', 'setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'];

/** Run `subject` with the decisions `choices`; return the case that came of it, with the choices there were. */
async function propose(request, subject, choices, pool) {
  const { model } = request;
  const draws = new Draws(model, choices, pool);
  draws.isWhole = subject.kind !== 'call';
  const script = [];
  const answer = (line, site) => {
    if (script.length >= MOST_CALLS) throw new Error('too many calls');
    const step = [line, undefined];
    script.push(step);
    if (!site.isVoid) step[1] = reply(model, draws, `reply:${script.length - 1}`, site);
    return step[1];
  };
  const outside = outsideOf(model, answer, (value) => draws.seen(value));
  handOver(model, outside);
  const given = { construct: [], before: [], args: [], values: {}, inputs: {} };
  const outcome = await run(request, subject, outside, {
    value: ({ local, type, known }) => (given.values[local] = known === undefined ? draws.draw(`value:${local}`, type, local) : known),
    construct: (params) => (given.construct = params.map((one) => drawn(draws, outside, one, 'construct'))),
    before: (mates) => (given.before = earlier(draws, outside, mates)),
    args: (params) => trimmed((given.args = params.map((one) => drawn(draws, outside, one, 'arg')))),
    input: (name, make) => (Object.hasOwn(given.inputs, name) ? given.inputs[name] : (given.inputs[name] = make(draws))),
    plainly: (isAnonymous, work) => plainly(draws, isAnonymous, work),
  });
  const result = outcomeOf(outcome, (value) => draws.encode(value, true));
  return {
    points: draws.points,
    heard: [...draws.texts, ...draws.ids].filter(Boolean).sort((one, two) => two.length - one.length),
    case: {
      ...subject,
      given: subject.construct.map((one, index) => (isDouble(one) ? { $double: one.name } : draws.encode(given.construct[index], true))),
      before: given.before.map((one) => ({ ...one, args: one.args.map((own) => draws.encode(own, true)) })),
      args: trimmed(given.args).map((one) => draws.encode(one, true)),
      values: encodedEach(draws, given.values),
      inputs: encodedEach(draws, given.inputs),
      isWrong: draws.isWrong,
      script: script.map(([line, value]) => [line, replyText(draws, value)]),
      ...result,
      isAsync: subject.isPromise,
      choices: draws.points.filter(({ index }) => index).map(({ path: at, labels, index }) => ({ at, label: labels[index] })),
    },
  };
}

/** Do something of which nothing is varied, but whether anybody is signed in. */
async function plainly(draws, isAnonymous, work) {
  Object.assign(draws, { isQuiet: true, isAnonymous });
  try {
    return await work();
  } finally {
    Object.assign(draws, { isQuiet: false, isAnonymous: false });
  }
}

/** Run a case again as it was recorded; return what came of it, in the form of the record. */
async function replay(request, one) {
  const lines = [];
  const answer = (line) => {
    lines.push(line);
    return one.script[lines.length - 1] && decode(one.script[lines.length - 1][1]);
  };
  const outside = outsideOf(request.model, answer, (value) => value);
  handOver(request.model, outside);
  const outcome = await run(request, one, outside, {
    value: ({ local }) => decode(one.values[local]),
    construct: (params) => params.map((param, index) => (isDouble(param) ? double(outside, { shape: param.shape, name: param.name }) : decode(one.given[index]))),
    before: () => (one.before ?? []).map((own) => ({ ...own, args: own.args.map(decode) })),
    args: () => one.args.map(decode),
    input: (name) => decode(one.inputs[name] ?? { $undefined: true }),
    plainly: (_isAnonymous, work) => work(),
  });
  return { lines, ...outcomeOf(outcome, encode) };
}

/** Do something with a target once, to learn what there is in it: all that it asks gets the simplest answer. */
async function discover(request, work) {
  const draws = new Draws(request.model, {});
  const outside = outsideOf(request.model, (_line, site) => (site.isVoid ? undefined : reply(request.model, draws, 'reply:0', site)), (value) => value);
  const give = {
    value: ({ local, type, known }) => known ?? draws.draw(`value:${local}`, type, local),
    construct: (params) => params.map((one) => drawn(draws, outside, one, 'construct')),
    args: (params) => params.map((one) => drawn(draws, outside, one, 'arg')),
    input: (_name, make) => make(draws),
  };
  return work({ request, outside, give, load: (hear) => loaded(request, outside, give, hear) });
}

function encodedEach(draws, given) {
  return Object.fromEntries(Object.entries(given).map(([name, one]) => [name, draws.encode(one, true)]));
}

function sameAs(one, again) {
  const form = ({ value, error }) => JSON.stringify([value, error], inOrder);
  return form(one) === form(again) && JSON.stringify(one.script.map(([line]) => line)) === JSON.stringify(again.lines);
}

/** Properties have no order that matters. */
function inOrder(_, value) {
  const isObject = value !== null && typeof value === 'object' && !Array.isArray(value);
  return isObject ? Object.fromEntries(Object.keys(value).sort().map((key) => [key, value[key]])) : value;
}

async function run(request, subject, outside, give) {
  jest.useFakeTimers({ now: NOW, doNotFake: REAL });
  const kept = { fetch: globalThis.fetch, random: Math.random, uptime: process.uptime };
  globalThis.fetch = outside.fn('fetch');
  Math.random = () => 0.5;
  process.uptime = () => UPTIME;
  try {
    const stage = { request, subject, outside, give, load: () => loaded(request, outside, give), loadAnyway: () => load(request, outside, give) };
    const made = actOf(subject.kind)(stage);
    const isAsync = typeof made?.then === 'function';
    return { isAsync, value: isAsync ? await limited(made) : made };
  } catch (error) {
    return { error };
  } finally {
    globalThis.fetch = kept.fetch;
    Math.random = kept.random;
    process.uptime = kept.uptime;
    jest.useRealTimers();
  }
}

/** Load the target; its own failure to load is no behaviour to record. */
function loaded(request, outside, give, hear) {
  if (isKept(request) && !hear && !request.isFresh) return loadedOnce(request, outside, give);
  outside.isMute = true;
  try {
    return load(request, outside, give, hear);
  } catch (error) {
    throw Object.assign(new Error(firstCause(request, error)), { name: 'Broken' });
  } finally {
    outside.isMute = false;
  }
}

/** Whether cases share one copy of the target: an application, or a schema that keeps nothing. */
function isKept({ model }) {
  return Boolean(model.application || model.graphql?.isSteady);
}

const once = { module: null, outside: null };

/** The modules of a whole application are many, and tests share them too: loaded once, they ask whoever is there now. */
function loadedOnce(request, outside, give) {
  once.outside = outside;
  if (!once.module) {
    const now = (name) => (...args) => once.outside[name](...args);
    const relay = new Outside({ answer: now('answer'), plain: now('plain'), isSync: now('isSync'), isQuery: now('isQuery') });
    once.module = loaded({ ...request, isFresh: true }, relay, give);
  }
  return once.module;
}

/** Load what is loaded once. */
function warm(request) {
  const outside = outsideOf(request.model, () => undefined, (value) => value);
  if (isKept(request)) loadedOnce(request, outside, {});
}

function firstCause({ root }, error) {
  const message = String(error?.message ?? error).split('\n')[0];
  const frame = String(error?.stack ?? '').split('\n').find((line) => line.includes(`${root}/`) && !line.includes('node_modules'));
  const place = frame?.match(/\(?([^()\s]+):\d+:\d+\)?$/);
  return `${message}${place ? ` (in ${path.relative(root, place[1])})` : ''}`;
}

/** Waits until nothing has happened for a while. What is busy goes on: on a busy machine it takes longer, and is no other case. */
function limited(promise) {
  let timer;
  const late = new Promise((_, reject) => {
    let quiet = 0;
    let before = process.cpuUsage();
    timer = setInterval(() => {
      const { user, system } = process.cpuUsage(before);
      before = process.cpuUsage();
      quiet = user + system < BUSY_US ? quiet + 1 : 0;
      if (quiet * LOOK_MS >= LONGEST_QUIET_MS) reject(Object.assign(new Error('too slow'), { name: 'Timeout' }));
    }, LOOK_MS);
  });
  return Promise.race([promise, late]).finally(() => clearInterval(timer));
}

function load({ root, model }, outside, give, hear) {
  let module;
  const target = path.join(root, model.target);
  const from = path.dirname(target);
  const { application } = model;
  const packages = shared(model.packages, from).map(([place, made], index) => [place, application && model.packages[index] === 'fastify' ? quick(root, made, hear) : made]);
  const also = {};
  jest.isolateModules(() => {
    for (const [place, made] of packages) jest.doMock(place, () => made);
    for (const { specifier, file, fate, names } of model.imports) {
      if (fate === 'real') continue;
      const place = file ? path.join(root, file) : specifier.startsWith('node:') ? specifier : require.resolve(specifier, { paths: [from] });
      jest.doMock(place, () => (fate === 'steady' ? steady(specifier) : replaced(outside, names, give)));
    }
    module = require(target);
    for (const { name, file, specifier } of classesOf(model)) {
      classes.set(name, require(file ? path.join(root, file) : require.resolve(specifier, { paths: [from] }))[name]);
    }
    const named = ({ file, name }) => (file === model.target ? module : require(path.join(root, file)))[name];
    if (model.graphql?.factory) also.contextFactory = named(model.graphql.factory);
    if (model.graphql) also.resolvers = model.graphql.maps.map(named);
    if (application?.signer) also.signer = require(path.join(root, application.signer.file))[application.signer.name];
    if (model.fastify?.errorHandler) also.errorHandler = require(path.join(root, model.fastify.errorHandler.file))[model.fastify.errorHandler.name];
  });
  return { module, ...also };
}

function classesOf({ failures, errors }) {
  return [...Object.values(failures).flat(), ...errors];
}

const known = new Map();

/** Packages that run as they are, loaded once for all cases: [place, module]. */
function shared(names, from) {
  return names.map((name) => {
    const place = require.resolve(name, { paths: [from] });
    if (!known.has(place)) known.set(place, require(place));
    return [place, known.get(place)];
  });
}

/** Real, but for chance. */
function steady(specifier) {
  const real = jest.requireActual(specifier);
  return { ...real, scrypt: remembered(real.scrypt), pbkdf2: remembered(real.pbkdf2), randomBytes: (size) => Buffer.alloc(size, 7), randomUUID: () => '00000000-0000-4000-8000-000000000000', randomInt: (low, high) => (high === undefined ? 0 : low) };
}

const slow = new Map();

/** A slow function with a callback, computed once for the same arguments. */
function remembered(work) {
  return (...args) => {
    const done = args.pop();
    const key = JSON.stringify(args);
    if (slow.has(key)) return void setImmediate(done, null, Buffer.from(slow.get(key)));
    return work(...args, (error, made) => {
      if (!error) slow.set(key, Buffer.from(made));
      done(error, made);
    });
  };
}

function replaced(outside, names, give) {
  const made = { __esModule: true };
  for (const one of names) {
    if (one.name === '*') return outside.object(one.local);
    if (one.role === 'resolvers') {
      made[one.name] = {};
      continue;
    }
    if (one.role) {
      made[one.name] = standIn(one, outside, give);
      continue;
    }
    made[one.name] = one.shape === 'value' ? give.value(one) : one.shape === 'class' ? function (...args) { return outside.made(one.local, args); } : double(outside, { ...one, name: one.local });
  }
  return made;
}

function outsideOf({ sites, imports }, answer, plain) {
  const names = new Map(imports.flatMap((one) => one.names.map((name) => [name.local, name])));
  return new Outside({
    answer,
    plain,
    isSync: (name) => names.get(name)?.isSync ?? sites[name]?.isSync ?? false,
    isQuery: (name) => !sites[name] && Object.keys(sites).some((key) => key.startsWith(`${name}.`)),
  });
}

/** Make what stands for services that arrive as arguments, anew for each case. */
function handOver({ givens }, outside) {
  const made = ({ double: own, members }) => (own ? double(outside, { ...own, name: own.local }) : Object.fromEntries(members.map((one) => [one.name, made(one)])));
  for (const [name, one] of Object.entries(givens)) hand(name, made(one));
}

function isDouble(param) {
  return ['query', 'object', 'function'].includes(param.shape);
}

function double(outside, { shape, name, isSync }) {
  return shape === 'query' ? outside.query(name) : shape === 'function' ? outside.fn(name, isSync) : outside.object(name);
}

/** The calls on the same object before the one that is tested: none at first. */
function earlier(draws, outside, mates) {
  const found = [];
  while (mates?.length && found.length < MOST_BEFORE) {
    const at = `before:${found.length}`;
    const mate = draws.choose(at, [['nothing', () => null], ...mates.map((one) => [one.name, () => one])]);
    if (!mate) break;
    found.push({ ...mate, args: trimmed(mate.params.map((one) => drawn(draws, outside, one, at, '.'))) });
  }
  return found;
}

function drawn(draws, outside, param, kind, joint = ':') {
  if (isDouble(param)) return double(outside, { shape: param.shape, name: param.name });
  const at = `${kind}${joint}${param.name}`;
  if (['given', 'members'].includes(param.shape)) return madeOf(draws, at, param);
  const own = () => draws.alternatives(at, param.type, param.name);
  return draws.choose(at, param.optional ? [['omitted', () => undefined], ...own()] : own());
}

function madeOf(draws, at, { shape, given, members }) {
  return shape === 'given' ? decode({ $given: given }) : draws.members(at, members, (one) => madeOf(draws, `${at}.${one.name}`, one));
}

function trimmed(args) {
  const last = args.findLastIndex((one) => one !== undefined);
  return args.slice(0, last + 1);
}

function reply(model, draws, at, { table, last, words, args, type }) {
  const { sites } = model;
  if (type) return draws.draw(at, type, last);
  const own = (model.failures[words] ?? []).map((spec) => [`fails with ${typeof spec.args[0] === 'string' ? JSON.stringify(spec.args[0]) : spec.name}`, () => instance(spec)]);
  const failures = [['fails', () => new Error('connection lost')], ...own, ...(own.length ? [] : model.hints.compared.code ?? []).map((code) => [`fails with code ${code}`, () => Object.assign(new Error('refused'), { code })])];
  if (words === 'fetch') return response(model, draws, at, failures);
  const site = sites[words] ?? sites[`${table}.${last}`] ?? sites[`*.${last}`] ?? sites[table];
  const tree = site ? site.type : { k: 'any' };
  const [first, ...rest] = nothingFirst(draws.alternatives(at, tree, last || 'answer'), args);
  // Of a whole application, failures matter more than what else is answered: it mostly passes that on.
  return draws.choose(at, draws.isWhole ? [first, ...failures, ...rest] : [first, ...rest, ...failures]);
}

/** Who is given nothing finds nothing, if that is possible. */
function nothingFirst(alternatives, args) {
  const isGivenNothing = args?.length && args.every((one) => one === undefined || one === null);
  const isNothing = ([label]) => label === 'null' || label === 'undefined';
  return isGivenNothing ? [...alternatives.filter(isNothing), ...alternatives.filter((one) => !isNothing(one))] : alternatives;
}

function response({ hints }, draws, at, failures) {
  const answered = (status, make) => Object.assign(Response.json(make, { status }), { [MADE_OF]: { status, json: encode(make) } });
  const bodies = hints.bodies.length ? hints.bodies : [{ k: 'record', of: { k: 'any' } }];
  const full = bodies.map((tree) => ['answers 200', () => answered(200, decode(draws.encode(draws.draw(`${at}.body`, tree, 'body'), true)))]);
  return draws.choose(at, [...full, ['answers 500', () => answered(500, { error: 'unavailable' })], ...failures]);
}

function replyText(draws, value) {
  return value?.[MADE_OF] ? { $response: value[MADE_OF] } : draws.encode(value, false);
}

function outcomeOf({ error, value, isAsync }, show) {
  if (error === undefined) return { isAsync, value: show(value) };
  const shown = error instanceof Error || Object.prototype.toString.call(error) === '[object Error]' ? errorOf(error, show) : { name: 'Thrown', message: String(error), props: {} };
  return { isAsync: true, error: shown };
}

module.exports = { propose, replay, sameAs, discover, warm };
