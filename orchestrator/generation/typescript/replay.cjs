'use strict';
// Runs one case: as the search proposes it, and again as it was recorded. Runs inside Jest.

const { chance } = require('./chance.cjs');
const { Draws, NOW } = require('./draws.cjs');
const { encode, decode, errorOf, isOpaque, hasFunction } = require('./values.cjs');
const { actOf } = require('./acts.cjs');
const { double, handOver, isDouble, load, loaded, outsideOf } = require('./copies.cjs');
const { reply, replyText } = require('./replies.cjs');

const MOST_CALLS = 60;
const MOST_BEFORE = 2;
const LONGEST_QUIET_MS = 2000;
const LOOK_MS = 100;
const BUSY_US = 5_000;
const UPTIME = 60;
/** Chance is the same for the same case, and another one when it is repeated: what depends on it cannot be recorded. */
const FIRST = 1;
const AGAIN = 2;
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
    if (step[1] instanceof Error) step[2] = replyText(draws, step[1]); // who catches it may change it
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
  }, FIRST);
  const result = outcomeOf(outcome, (value) => draws.encode(value, true), subject);
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
      script: script.map(([line, value, said]) => [line, said ?? replyText(draws, value)]),
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
  }, AGAIN);
  return { lines, ...outcomeOf(outcome, encode, one) };
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

async function run(request, subject, outside, give, seed) {
  jest.useFakeTimers({ now: NOW, doNotFake: REAL });
  const kept = { fetch: globalThis.fetch, random: Math.random, uptime: process.uptime, env: process.env };
  globalThis.fetch = outside.fn('fetch');
  Math.random = chance(seed);
  process.uptime = () => UPTIME;
  const waiting = request.model.usesTimers ? timers() : null;
  try {
    const stage = { request, subject, outside, give, load: () => loaded(request, outside, give), loadAnyway: () => load(request, outside, give) };
    const made = actOf(subject.kind)(stage);
    const isAsync = typeof made?.then === 'function';
    return { isAsync, value: isAsync ? await limited(made) : made };
  } catch (error) {
    return { error };
  } finally {
    waiting?.end();
    globalThis.fetch = kept.fetch;
    Math.random = kept.random;
    process.uptime = kept.uptime;
    process.env = kept.env;
    jest.useRealTimers();
  }
}

/** What is begun from now on and waits for its time; it ends with the case, as it does with a test. */
function timers() {
  const { setTimeout, setInterval } = globalThis;
  const begun = [];
  const noted = (begin) => Object.assign((...args) => {
    begun.push(begin(...args));
    return begun.at(-1);
  }, begin);
  Object.assign(globalThis, { setTimeout: noted(setTimeout), setInterval: noted(setInterval) });
  return {
    end: () => {
      Object.assign(globalThis, { setTimeout, setInterval });
      begun.forEach(clearTimeout);
    },
  };
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
  if (!param.optional) return draws.choose(at, own());
  const [first, ...rest] = own();
  const omitted = ['omitted', () => undefined];
  return draws.choose(at, param.isGiven ? [first, omitted, ...rest] : [omitted, first, ...rest]);
}

function madeOf(draws, at, { shape, given, members }) {
  return shape === 'given' ? decode({ $given: given }) : draws.members(at, members, (one) => madeOf(draws, `${at}.${one.name}`, one));
}

function trimmed(args) {
  const last = args.findLastIndex((one) => one !== undefined);
  return args.slice(0, last + 1);
}

function outcomeOf({ error, value, isAsync }, show, { shows }) {
  if (error === undefined) return { isAsync, value: shows ? withoutOpaque(show(value)) : show(value) };
  const shown = error instanceof Error || Object.prototype.toString.call(error) === '[object Error]' ? errorOf(error, show) : { name: 'Thrown', message: String(error), props: {} };
  return { isAsync: true, error: shown };
}

/** What can be written down of what an object shows. */
function withoutOpaque(shown) {
  return Object.fromEntries(Object.entries(shown).filter(([, one]) => !isOpaque(one) && !hasFunction(one)));
}

module.exports = { propose, replay, sameAs, discover };
