'use strict';
// Modules that do something when they are loaded, such as reading the environment: each case loads a fresh copy.

const { isProxy } = require('node:util').types;

function subjects({ model: { loading, functions } }) {
  return loading && (loading.readsEnvironment || loading.callsOut) ? [{ fn: 'loading', isPromise: false, hasFunctions: functions.length > 0 }] : [];
}

function act({ request, outside, give, loadAnyway }) {
  const { loading, others } = request.model;
  const was = { env: process.env, exit: process.exit };
  if (loading.readsEnvironment) {
    const own = give.input('environment', (draws) => draws.draw('env:', { k: 'environment', names: loading.names }, 'env'));
    process.env = typeof own === 'object' ? own : {};
  }
  process.exit = (code = 0) => { throw new Error(`process.exit(${code})`); };
  outside.isLoading = true;
  try {
    const { module } = loadAnyway();
    return Object.fromEntries(others.filter((name) => !isProxy(module[name])).map((name) => [name, module[name]]));
  } finally {
    outside.isLoading = false;
    Object.assign(process, was);
  }
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
