'use strict';
// Runs a test file that is not written yet as the project will run it: in order, shuffled and in several time zones,
// then before and after all tests that people wrote. Ends with the first run that fails.

const path = require('node:path');
const { changed, shared } = require('./leaks.cjs');
const { open, virtual } = require('./project.cjs');
const { isGenerated } = require('./suite.cjs');
const { complaints, finished } = require('./texts.cjs');

const IN_ORDER = 5;
const SHUFFLED = 5;
/** What loads a copy of a module of its own, which native ES modules have no means for. */
const COPIES = /\bjest\.isolateModules\(/;
const ZONES = ['UTC', 'America/New_York', 'Asia/Tokyo'];

async function prove({ root, targets, test, files, form, suite, marker }) {
  const place = path.join(root, test);
  const project = await open(root);
  const config = await project.configOf(place);
  if (!config) return { stage: 'unseen', texts: files, failed: [], broken: [] };
  const isNative = project.isNative(config, place);
  if (isNative && Object.values(files).some((text) => COPIES.test(text))) return { stage: 'module', texts: files, failed: [], broken: [] };
  const texts = await finished(root, files, isNative ? 'module' : form);
  virtual.lay(Object.fromEntries(Object.entries(texts).map(([name, text]) => [path.join(root, name), text])));
  try {
    return { texts, ...(await proven(project, config, targets, place, suite, marker)) };
  } finally {
    virtual.lay({});
    process.env.TZ = ZONES[0];
  }
}

async function proven(project, config, targets, test, suite, marker) {
  const unchecked = project.isChecked(config) ? [] : complaints(project.root, test);
  if (unchecked.length) return { stage: 'first', failed: [], broken: [unchecked.join('\n')] };
  const before = shared();
  for (let number = 1; number <= IN_ORDER; number += 1) {
    const said = await project.run(config, test);
    if (isRed(said)) return { stage: number === 1 ? 'first' : 'again', ...said };
  }
  const left = changed(before, shared());
  for (let seed = 1; seed <= SHUFFLED; seed += 1) {
    process.env.TZ = ZONES[seed % ZONES.length];
    const said = await project.run(config, test, { seed });
    if (isRed(said)) return { stage: 'shuffled', ...said };
  }
  process.env.TZ = ZONES[0];
  const fresh = suite.unknown ? [] : await broken(project, test, suite, left.length ? null : marker);
  const last = await project.run(config, test, { cover: targets });
  if (isRed(last)) return { stage: 'suite', ...last };
  const places = targets.map((one) => path.join(project.root, one));
  const covered = { before: summary(await project.merged([suite.coverage, unhit(last.coverage)]), places), coverage: summary(await project.merged([suite.coverage, last.coverage]), places) };
  return { stage: null, fresh, failed: [], broken: [], ...covered };
}

/** What fails among the other tests now, and did not by itself. Generated ones have the `marker`; they use nothing that is shared. */
async function broken(project, own, suite, marker) {
  const fresh = [];
  const known = new Set([...suite.failed, ...suite.broken].map(words));
  for (const { config, test } of await project.tests()) {
    if (test === own || (marker && isGenerated(test, marker))) continue;
    const { failed, broken: unable } = await project.run(config, test);
    fresh.push(...[...failed, ...unable].filter((one) => !known.has(words(one))));
  }
  return fresh;
}

/** What a message says without where it was said, which differs where much has run before. */
function words(message) {
  return message.split(/\n\s+at /)[0];
}

function isRed({ failed, broken: unable }) {
  return failed.length > 0 || unable.length > 0;
}

/** The same counters, at zero: what is not loaded is not covered either. */
function unhit(coverage) {
  const none = (counts) => Object.fromEntries(Object.entries(counts).map(([key, count]) => [key, Array.isArray(count) ? count.map(() => 0) : 0]));
  return Object.fromEntries(Object.entries(coverage ?? {}).map(([file, one]) => [file, { ...one, s: none(one.s), f: none(one.f), b: none(one.b) }]));
}

/** What is covered of some files together. */
function summary(map, places) {
  const known = places.filter((place) => map.files().includes(place));
  if (!known.length) return null;
  const all = known.map((place) => map.fileCoverageFor(place).toSummary()).reduce((one, other) => one.merge(other));
  const { lines, branches, functions } = all.data;
  return { lines: lines.pct, branches: branches.pct, functions: functions.pct };
}

module.exports = { prove };
