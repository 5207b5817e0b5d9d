'use strict';
// The project's own Jest, in this process: its configuration, its tests, and runs of single files as often as wanted.

const virtual = require('./virtual.cjs');
const fs = require('node:fs');
const path = require('node:path');
const { stripVTControlCharacters } = require('node:util');
const { gathered } = require('./strays.cjs');

const SHUFFLE = path.join(__dirname, 'shuffle.cjs');
const opened = new Map();

/** Return the project at `root`, the same one each time. */
async function open(root) {
  if (!opened.has(root)) opened.set(root, await Project.open(root));
  return opened.get(root);
}

async function close() {
  for (const project of opened.values()) await project.hook('globalTeardown');
  return {};
}

/** Load a module of Jest as Jest itself would. */
function part(root, ...names) {
  let at = root;
  for (const name of names.slice(0, -1)) at = path.dirname(require.resolve(`${name}/package.json`, { paths: [at] }));
  return require(require.resolve(names.at(-1), { paths: [at] }));
}

/** The configuration that the project's own `test` script names, undefined where Jest finds it by itself. */
function configured(root) {
  const place = path.join(root, 'package.json');
  const scripts = fs.existsSync(place) ? Object.values(JSON.parse(fs.readFileSync(place, 'utf8')).scripts ?? {}) : [];
  const named = scripts.map((line) => line.match(/\bjest\b.*?\s(?:--config|-c)[= ](\S+)/)).find(Boolean);
  return named ? path.resolve(root, named[1]) : undefined;
}

class Project {
  static async open(root) {
    const { readConfigs } = part(root, 'jest', '@jest/core', 'jest-config');
    const argv = { _: [], $0: 'jest', runInBand: true, watchman: false, ci: true, silent: true, config: configured(root) };
    const { globalConfig, configs } = await readConfigs(argv, [root]);
    return new Project(root, { ...globalConfig, silent: true, verbose: false, bail: 0, collectCoverage: false, updateSnapshot: 'none', randomize: false }, configs);
  }

  constructor(root, globalConfig, configs) {
    Object.assign(this, { root, globalConfig, configs, contexts: new Map(), isSetUp: new Set() });
  }

  /** The context of a configuration: what Jest knows of its files. */
  async context(config) {
    const key = JSON.stringify(config);
    if (!this.contexts.has(key)) {
      const { default: Runtime } = part(this.root, 'jest', '@jest/core', 'jest-runtime');
      this.contexts.set(key, await Runtime.createContext(config, { console, maxWorkers: 1, watch: false, watchman: false }));
    }
    return this.contexts.get(key);
  }

  /** The configuration that a test file belongs to, undefined where Jest does not look for it. */
  async configOf(test) {
    for (const config of this.configs) if ((await this.search(config)).isTestFilePath(test)) return config;
    return undefined;
  }

  /** Whether Jest runs the tests of a file in another order if it is asked to. */
  canShuffle() {
    const { version = '' } = part(this.root, 'jest', 'jest/package.json');
    const [major, minor] = version.split('.').map(Number);
    return !(major < 29 || (major === 29 && minor < 5));
  }

  /** Whether a test file is an ES module to Jest, which has other means for replacing something in it. */
  isNative(config, test) {
    const { default: Resolver } = part(this.root, 'jest', '@jest/core', 'jest-resolve');
    return Resolver.unstable_shouldLoadAsEsm(test, config.extensionsToTreatAsEsm ?? []);
  }

  /** Whether the transform of the tests checks types. */
  isChecked(config) {
    return (config.transform ?? []).some(([, place]) => /ts-jest/.test(place));
  }

  /** The paths of all tests there are, with the configuration of each. */
  async tests() {
    const found = [];
    for (const config of this.configs) {
      const { tests } = await (await this.search(config)).getTestPaths(this.globalConfig, config);
      found.push(...tests.map((one) => ({ config, test: one.path })));
    }
    return found;
  }

  async search(config) {
    const { SearchSource } = part(this.root, 'jest', '@jest/core');
    return new SearchSource(await this.context(config));
  }

  /** Run one test file in this process; return what it says. */
  async run(config, test, { cover = null, seed = null } = {}) {
    await this.hook('globalSetup', config);
    const from = (one) => path.relative(config.rootDir, path.join(this.root, one)); // as Jest reads it
    const coverage = cover ? { collectCoverage: true, collectCoverageFrom: cover.map(from), coverageProvider: 'babel' } : {};
    const random = seed === null ? {} : { randomize: true, seed };
    const run = seed === null || this.canShuffle() ? config : { ...config, setupFilesAfterEnv: [...(config.setupFilesAfterEnv ?? []), SHUFFLE] };
    if (run !== config) process.env.ORCHESTRATE_SEED = String(seed);
    const { default: Runner } = part(this.root, 'jest', '@jest/core', 'jest-runner');
    const runner = new Runner({ ...this.globalConfig, ...coverage, ...random }, {});
    let said = { passed: 0, failed: [], broken: ['it did not run'] };
    runner.on('test-file-success', ([, result]) => { said = report(result); });
    runner.on('test-file-failure', ([, error]) => { said = { passed: 0, failed: [], broken: [`${error.message ?? error}\n${error.stack ?? ''}`] }; });
    const watcher = { isInterrupted: () => false, isWatchMode: () => false, on: () => {} };
    await runner.runTests([{ path: test, context: await this.context(run) }], watcher, { serial: true });
    delete process.env.ORCHESTRATE_SEED;
    return { ...said, broken: [...said.broken, ...(await gathered())].map(stripVTControlCharacters) };
  }

  /** Run what the project does before or after all of its tests, once. */
  async hook(name, config = this.configs[0]) {
    for (const own of new Set([this.globalConfig[name], config[name]])) {
      if (!own || this.isSetUp.has(`${name} ${own}`) || (name === 'globalTeardown' && !this.isSetUp.size)) continue;
      this.isSetUp.add(`${name} ${own}`);
      const { createScriptTransformer } = part(this.root, 'jest', '@jest/core', 'jest-runner', '@jest/transform');
      const transformer = await createScriptTransformer(config);
      await transformer.requireAndTranspileModule(own, (work) => work(this.globalConfig, config));
    }
  }

  /** The coverage data of several runs as one map of the sources, whatever they were compiled to. */
  async merged(coverages) {
    const { createCoverageMap } = part(this.root, 'jest', '@jest/core', '@jest/reporters', 'istanbul-lib-coverage');
    const { createSourceMapStore } = part(this.root, 'jest', '@jest/core', '@jest/reporters', 'istanbul-lib-source-maps');
    const map = createCoverageMap({});
    for (const one of coverages.filter(Boolean)) {
      const made = await createSourceMapStore().transformCoverage(createCoverageMap(one));
      map.merge(JSON.parse(JSON.stringify(made))); // as one that was kept: an endless column is null there
    }
    return map;
  }
}

function report({ testResults, numPassingTests, testExecError, failureMessage, coverage }) {
  const failed = testResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName);
  const isBroken = Boolean(testExecError) || (failureMessage && !testResults.length);
  const broken = isBroken ? [failureMessage || testExecError.message] : [];
  return { passed: numPassingTests, failed, broken, coverage };
}

module.exports = { open, close, part, virtual };
