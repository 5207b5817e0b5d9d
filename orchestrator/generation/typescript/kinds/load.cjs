'use strict';
// Modules that do something when they are loaded, such as reading the environment: each case loads a fresh copy.

const { EventEmitter } = require('node:events');
const { isProxy } = require('node:util').types;

function subjects({ model: { loading, functions } }) {
  return loading && (loading.readsEnvironment || loading.callsOut) ? [{ fn: 'loading', isPromise: false, hasFunctions: functions.length > 0 }] : [];
}

function act(stage) {
  const { loading, others } = stage.request.model;
  const { module, was } = loaded(stage);
  const shown = () => Object.fromEntries(others.filter((name) => !isProxy(module[name])).map((name) => [name, module[name]]));
  if (loading.goesOn) return settled(shown).finally(() => Object.assign(process, was));
  Object.assign(process, was);
  return shown();
}

/** A fresh copy under an environment of its own, and what the process was before. */
function loaded({ request, outside, give, loadAnyway }) {
  const { loading } = request.model;
  const was = { env: process.env, exit: process.exit, ...Object.fromEntries(loading.listens.map((name) => [name, process[name]])) };
  if (loading.readsEnvironment) {
    const own = give.input('environment', (draws) => draws.draw('env:', { k: 'environment', names: loading.names }, 'env'));
    process.env = typeof own === 'object' ? own : {};
  }
  process.exit = loading.goesOn ? (code = 0) => outside.note('process.exit', [code]) : (code = 0) => { throw new Error(`process.exit(${code})`); };
  for (const name of loading.listens) process[name] = outside.told(`process.${name}`);
  outside.isLoading = true;
  try {
    return { ...loadAnyway(), was };
  } catch (error) {
    Object.assign(process, was);
    throw error;
  } finally {
    outside.isLoading = false;
  }
}

/** What is shown once all that goes on by itself has come to an end; what fails there unheard is no behaviour to record. */
async function settled(shown) {
  let lost;
  const hear = (error) => { lost ??= error; };
  listening('on', hear);
  await new Promise((done) => setImmediate(done));
  listening('off', hear);
  if (lost) throw Object.assign(new Error(String(lost?.message ?? lost)), { name: 'Unheard' });
  return shown();
}

/** Listen to the process itself, whatever stands in for its methods. */
function listening(how, hear) {
  EventEmitter.prototype[how].call(process, 'unhandledRejection', hear);
}

/** Where the same can be seen by calling a function, it only counts whether the module loads at all. */
function outcome({ error, hasFunctions }) {
  if (error) return hasFunctions ? 'does not load' : null;
  return hasFunctions ? 'loads' : null;
}

function isDeadEnd({ error }) {
  return Boolean(error);
}

module.exports = { subjects, act, outcome, isDeadEnd };
