'use strict';
// Copies of a target in which everything around it is replaced: a fresh one for each case, where it keeps anything.
// Runs inside Jest.

const path = require('node:path');
const { Outside } = require('./outside.cjs');
const { decode, classes, hand } = require('./values.cjs');
const { standIn } = require('./guards.cjs');
const { quick } = require('./server.cjs');

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

/** Before anything is tried. */
const found = { ...process.env };
const once = { module: null, outside: null };

/** The modules of a whole application are many, and tests share them too: loaded once, they ask whoever is there now. */
function loadedOnce(request, outside, give) {
  once.outside = outside;
  if (!once.module) {
    const now = (name) => (...args) => once.outside[name](...args);
    const relay = new Outside({ answer: now('answer'), plain: now('plain'), isSync: now('isSync'), isQuery: now('isQuery'), makes: now('makes') });
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

function load({ root, model }, outside, give, hear) {
  let module;
  const target = path.join(root, model.target);
  const from = path.dirname(target);
  const { application } = model;
  const packages = shared(model.packages, from).map(([place, made], index) => [place, application && model.packages[index] === 'fastify' ? quick(root, made, hear) : made]);
  const also = {};
  if (application) setEnvironment(application);
  jest.isolateModules(() => {
    for (const [place, made] of packages) jest.doMock(place, () => made);
    for (const { specifier, file, fate, names } of model.imports) {
      if (fate === 'real') continue;
      const place = file ? path.join(root, file) : specifier.startsWith('node:') ? specifier : require.resolve(specifier, { paths: [from] });
      jest.doMock(place, () => (fate === 'steady' ? steady(specifier) : replaced(outside, names, give)));
    }
    const own = require(target);
    module = model.whole ? { [model.whole]: own } : model.main ? Object.assign(Object.create(own), { [model.main]: own.default }) : own;
    for (const { name, file, specifier } of classesOf(model)) {
      classes.set(name, require(file ? path.join(root, file) : require.resolve(specifier, { paths: [from] }))[name]);
    }
    const named = ({ file, name }) => (file === model.target ? module : require(path.join(root, file)))[name];
    if (model.graphql?.factory) also.contextFactory = named(model.graphql.factory);
    if (model.graphql) also.resolvers = model.graphql.maps.map(named);
    if (application?.signer) also.signer = require(path.join(root, application.signer.file))[application.signer.name];
    const handed = (one) => require(one.file ? path.join(root, one.file) : require.resolve(one.specifier, { paths: [from] }))[one.name];
    if (model.fastify?.errorHandler) also.errorHandler = handed(model.fastify.errorHandler);
    also.compilers = (model.fastify?.compilers ?? []).map((one) => [one.method, handed(one)]);
  });
  return { module, ...also };
}

/** Give an application the variables that are tried, else those that the project's own set-up gives it. */
function setEnvironment({ environment = {}, environments = [] }) {
  for (const name of environments.flatMap(({ names }) => names)) {
    const value = environment[name] ?? found[name];
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
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
    if (one.name === '=') return standing(one, outside, give);
    if (one.role === 'resolvers') {
      made[one.name] = {};
      continue;
    }
    if (one.role) {
      made[one.name] = standIn(one, outside, give);
      continue;
    }
    made[one.name] = standing(one, outside, give);
  }
  return made;
}

/** What stands for an imported name by its shape. */
function standing(one, outside, give) {
  if (one.shape === 'value') return give.value(one);
  return one.shape === 'class' ? function (...args) { return outside.made(one.local, args); } : double(outside, { ...one, name: one.local });
}

function outsideOf({ sites, imports }, answer, plain) {
  const names = new Map(imports.flatMap((one) => one.names.map((name) => [name.local, name])));
  return new Outside({
    answer,
    plain,
    isSync: (name) => names.get(name)?.isSync ?? sites[name]?.isSync ?? false,
    makes: (name) => sites[name]?.makes ?? null,
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
  if (shape === 'told' || shape === 'fluent') return outside[shape](name);
  return shape === 'query' ? outside.query(name) : shape === 'function' ? outside.fn(name, isSync) : outside.object(name);
}

module.exports = { loaded, load, warm, outsideOf, handOver, isDouble, double };
