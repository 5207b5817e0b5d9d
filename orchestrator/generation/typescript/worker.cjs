'use strict';
// Answers questions about one project until it is told to end: Jest and the compiler are loaded once, and stay warm.
// Usage: node worker.cjs DIRECTORY. There ask-N.json {what, ...} is answered by answer-N.json.

const fs = require('node:fs');
const path = require('node:path');
const { keepStrays } = require('./strays.cjs');

const ANSWERS = {
  analyse: (asked) => require('./analyse.cjs').analyse(asked),
  flow: (asked) => require('./flow.cjs').flow(asked),
  explore: (asked) => require('./explore.cjs').explore(asked),
  suite: (asked) => require('./suite.cjs').suite(asked),
  prove: (asked) => require('./prove.cjs').prove(asked),
  end: () => require('./project.cjs').close(),
};
const POLL_MS = 10;
const MOST_IDLE_MS = 120_000;
const parent = process.ppid;

const [directory] = process.argv.splice(2); // tests may read the arguments of their process

async function serve() {
  for (let number = 1; ; number += 1) {
    const asked = await next(path.join(directory, `ask-${number}.json`));
    const began = process.cpuUsage();
    const answer = await answered(asked);
    const { user, system } = process.cpuUsage(began);
    const place = path.join(directory, `answer-${number}.json`);
    fs.writeFileSync(`${place}.tmp`, JSON.stringify(answer));
    fs.renameSync(`${place}.tmp`, place);
    process.stdout.write(`${asked.what}: ${((user + system) / 1e6).toFixed(1)} s of processor time\n`);
    if (asked.what === 'end') leave();
  }
}

async function answered(asked) {
  try {
    return await ANSWERS[asked.what](asked);
  } catch (error) {
    return { error: String(error?.message ?? error) };
  }
}

async function next(place) {
  const until = Date.now() + MOST_IDLE_MS;
  while (!fs.existsSync(place)) {
    if (process.ppid !== parent || Date.now() > until) leave(); // whoever asked is gone, or done
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return JSON.parse(fs.readFileSync(place, 'utf8'));
}

function leave() {
  fs.rmSync(directory, { recursive: true, force: true });
  process.exit(0);
}

process.on('SIGTERM', leave);
keepStrays();
serve();
