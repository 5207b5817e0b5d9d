'use strict';
// Ends the process when one try goes on for ever. A thread of its own looks whether tries begin; it counts processor
// time, so that a busy machine does not look like an endless loop. What was tried is left in a file.

const fs = require('node:fs');
const { Worker, isMainThread, workerData } = require('node:worker_threads');

const MOST_CPU_MS = 4_000;
// The first try compiles the target.
const FIRST_CPU_MS = 8_000;
const FIRST_CPU_MS_PER_CHARACTER = 0.02;
// Whoever waits for something else uses no processor time.
const IDLE_TIMES = 3;
const LOOK_MS = 250;
const LONGEST_NAME = 20_000;

/** Return what is to be told of each try; `place` is the file that will name the one that did not end. */
function watch(place, target) {
  const count = new Int32Array(new SharedArrayBuffer(8));
  const name = new Uint8Array(new SharedArrayBuffer(LONGEST_NAME));
  const first = FIRST_CPU_MS + fs.statSync(target).size * FIRST_CPU_MS_PER_CHARACTER;
  const thread = new Worker(__filename, { workerData: { place, count, name, first } });
  thread.unref();
  const begin = (what) => {
    const { written } = new TextEncoder().encodeInto(what, name);
    count[1] = written;
    Atomics.add(count, 0, 1);
  };
  return { begin, end: () => thread.terminate() };
}

function look({ place, count, name, first }) {
  let seen = { tries: -1, cpu: 0, at: 0 };
  setInterval(() => {
    const { user, system } = process.cpuUsage();
    const now = { tries: Atomics.load(count, 0), cpu: (user + system) / 1000, at: Date.now() };
    if (now.tries !== seen.tries || now.tries === 0) seen = now;
    else if (now.cpu - seen.cpu > (now.tries > 1 ? MOST_CPU_MS : first) || now.at - seen.at > IDLE_TIMES * first) {
      fs.writeFileSync(place, Buffer.from(name.slice(0, count[1])));
      process.kill(process.pid, 'SIGKILL');
    }
  }, LOOK_MS);
}

if (!isMainThread && workerData?.count) look(workerData);

module.exports = { watch };
