'use strict';
// Answers questions about one project until it is told to end: Jest and the compiler are loaded once, and stay warm.
// Usage: node worker.cjs DIRECTORY. There ask-N.json {what, ...} is answered by answer-N.json.

const fs = require('node:fs');
const path = require('node:path');

const ANSWERS = {
  analyse: (asked) => require('./analyse.cjs').analyse(asked),
  explore: (asked) => require('./explore.cjs').explore(asked),
  suite: (asked) => require('./suite.cjs').suite(asked),
  prove: (asked) => require('./prove.cjs').prove(asked),
  end: () => require('./project.cjs').close(),
};
const POLL_MS = 10;
const parent = process.ppid;

async function serve(directory) {
  for (let number = 1; ; number += 1) {
    const asked = await next(path.join(directory, `ask-${number}.json`));
    const began = process.cpuUsage();
    const answer = await answered(asked);
    const { user, system } = process.cpuUsage(began);
    const place = path.join(directory, `answer-${number}.json`);
    fs.writeFileSync(`${place}.tmp`, JSON.stringify(answer));
    fs.renameSync(`${place}.tmp`, place);
    process.stdout.write(`${asked.what}: ${((user + system) / 1e6).toFixed(1)} s of processor time\n`);
    if (asked.what === 'end') process.exit(0);
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
  while (!fs.existsSync(place)) {
    if (process.ppid !== parent) process.exit(1); // whoever asked is gone
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return JSON.parse(fs.readFileSync(place, 'utf8'));
}

process.on('unhandledRejection', (reason) => process.stdout.write(`${reason?.stack ?? reason}\n`));
serve(process.argv[2]);
