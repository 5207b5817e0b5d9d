'use strict';
// Errors that nobody waits for any more, such as those of a timer after its test. They belong to the run they come from.

// `domain` cannot be loaded after it, and once loaded forbids it to everybody who asks `process` again. Packages of
// projects load `domain`, and so does the one that reads a Jest configuration in TypeScript.
const capture = process.setUncaughtExceptionCaptureCallback;
require('node:domain');

const found = [];

/** From now on no such error ends the process. Listeners would not do: Jest removes those of others. */
function keepStrays() {
  capture((error) => {
    if (!process.emit('uncaughtException', error, 'uncaughtException')) found.push(String(error?.stack ?? error));
  });
}

/** Return what has come since the last time, once all that is due has happened. */
async function gathered() {
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  return found.splice(0);
}

module.exports = { gathered, keepStrays };
