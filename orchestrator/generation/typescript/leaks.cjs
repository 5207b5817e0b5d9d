'use strict';
// What a test file leaves behind for the next one in its process. Jest gives each file modules and globals of its own,
// but Node's built-in modules and the working directory are shared by all.

const { builtinModules } = require('node:module');

const SILENT = builtinModules.filter((name) => !/^_|^(sys|punycode|wasi|test|sea|sqlite|trace_events|domain|repl)(\/|$)/.test(name));

/** Everything that is shared, by name. */
function shared() {
  const found = new Map([['cwd', process.cwd()]]);
  for (const name of SILENT) {
    const module = require(name);
    note(found, name, module);
    for (const [key, { value }] of Object.entries(Object.getOwnPropertyDescriptors(module))) {
      if (typeof value === 'function' && value.prototype) note(found, `${name}.${key}`, value.prototype);
    }
  }
  return found;
}

function note(found, name, object) {
  for (const [key, { value }] of Object.entries(Object.getOwnPropertyDescriptors(object))) {
    if (typeof value === 'function') found.set(`${name}.${key}`, value);
  }
}

/** The names of what differs. */
function changed(before, after) {
  return [...after.keys()].filter((name) => before.has(name) && before.get(name) !== after.get(name));
}

module.exports = { shared, changed };
