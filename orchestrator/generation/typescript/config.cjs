'use strict';
// A Jest configuration made from the project's own. ORCHESTRATE_JEST: {root, target, mode, cases}.
// `search` and `mutate` bring their own transform; `prove` keeps the project's, and only thresholds and reporters go.

const path = require('node:path');

const { root, target, mode } = JSON.parse(process.env.ORCHESTRATE_JEST);
const jest = path.dirname(require.resolve('jest/package.json', { paths: [root] }));
const core = path.dirname(require.resolve('@jest/core/package.json', { paths: [jest] }));
const { readInitialOptions } = require(require.resolve('jest-config', { paths: [core] }));

module.exports = async () => {
  const { config } = await readInitialOptions(undefined, { packageRootOrConfig: root, skipMultipleConfigError: true });
  const own = { ...config, rootDir: config.rootDir ? path.resolve(root, config.rootDir) : root, watchman: false };
  for (const key of ['coverageThreshold', 'reporters', 'collectCoverage', 'coverageReporters', 'coverageDirectory', 'collectCoverageFrom', 'verbose', 'projects']) delete own[key];
  if (mode === 'prove') return own;
  for (const key of ['preset', 'globals', 'testMatch', 'testRegex', 'clearMocks', 'resetMocks', 'restoreMocks', 'automock', 'resetModules', 'fakeTimers', 'testPathIgnorePatterns']) delete own[key];
  const count = mode === 'mutate' ? 'mutate' : 'count';
  const roots = [...(own.roots ?? ['<rootDir>']), __dirname];
  const moduleFileExtensions = [...new Set([...(own.moduleFileExtensions ?? ['js', 'mjs', 'cjs', 'jsx', 'ts', 'mts', 'cts', 'tsx', 'json', 'node']), 'cjs'])];
  return { ...own, roots, moduleFileExtensions, testMatch: ['**/search.cjs'], testEnvironment: 'node', cache: false, transform: { '\\.([cm]?tsx?|jsx?|mjs)$': [path.join(__dirname, 'transform.cjs'), { root, target, mode: count }] } };
};
