'use strict';
// Runs the tests that people wrote, once for all targets: which fail by themselves, what they cover, and which of them
// leave something behind that another test file could stumble over.

const fs = require('node:fs');
const path = require('node:path');
const { changed, shared } = require('./leaks.cjs');
const { open } = require('./project.cjs');

async function suite({ root, marker }) {
  const project = await open(root);
  const found = { failed: [], broken: [], leaking: [], coverage: {}, tests: 0 };
  const coverages = [];
  let before = shared();
  for (const { config, test } of await project.tests()) {
    if (isGenerated(test, marker)) continue;
    const said = await project.run(config, test, { cover: [] });
    const after = shared();
    found.tests += 1;
    found.failed.push(...said.failed);
    found.broken.push(...said.broken);
    coverages.push(said.coverage);
    if (changed(before, after).length) found.leaking.push(path.relative(root, test));
    before = after;
  }
  found.coverage = (await project.merged(coverages)).toJSON();
  return found;
}

function isGenerated(test, marker) {
  return fs.readFileSync(test, 'utf8').split('\n', 1)[0].includes(marker);
}

module.exports = { suite };
