'use strict';
// Runs the tests that people wrote before there is any new one: which fail by themselves, and what they cover.

const fs = require('node:fs');
const { open } = require('./project.cjs');

async function suite({ root, marker }) {
  const project = await open(root);
  const found = { failed: [], broken: [], coverage: {}, tests: 0 };
  const coverages = [];
  for (const { config, test } of await project.tests()) {
    if (isGenerated(test, marker)) continue;
    const said = await project.run(config, test, { cover: [] });
    found.tests += 1;
    found.failed.push(...said.failed);
    found.broken.push(...said.broken);
    coverages.push(said.coverage);
  }
  found.coverage = (await project.merged(coverages)).toJSON();
  return found;
}

function isGenerated(test, marker) {
  return fs.readFileSync(test, 'utf8').split('\n', 1)[0].includes(marker);
}

module.exports = { isGenerated, suite };
