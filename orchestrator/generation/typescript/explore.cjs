'use strict';
// Looks for cases, or replays them on mutants: runs search.cjs as a test of the project's Jest, with a transform of ours.

const fs = require('node:fs');
const path = require('node:path');
const { open, part } = require('./project.cjs');

const DRIVER = path.join(__dirname, 'search.cjs');
const NONE = { automock: false, clearMocks: false, resetMocks: false, restoreMocks: false, resetModules: false, fakeTimers: { enableGlobally: false }, injectGlobals: true, extensionsToTreatAsEsm: [], snapshotSerializers: [] };

async function explore(asked) {
  const { root, targets, mode, request, result } = asked;
  const project = await open(root);
  const config = configOf(project, targets, mode === 'mutate' ? 'mutate' : 'count');
  process.env.ORCHESTRATE_REQUEST = request;
  const { failed, broken } = await project.run(config, DRIVER);
  return { output: [...broken, ...failed].join('\n'), isDone: fs.existsSync(result) };
}

function configOf({ root, configs: [own] }, targets, mode) {
  const environment = part(root, 'jest', '@jest/core', 'jest-config').defaults ? resolved(root) : own.testEnvironment;
  return {
    ...own,
    ...NONE,
    id: 'orchestrate',
    testEnvironment: environment,
    moduleFileExtensions: [...new Set([...own.moduleFileExtensions, 'cjs'])],
    transform: [['\\.([cm]?tsx?|jsx?|mjs)$', path.join(__dirname, 'transform.cjs'), { root, targets, mode, isInterop: isInterop(root, own) }]],
  };
}

/** Whether `import * as` makes an object of its own of a CommonJS module: Babel and swc always do, the compiler where it is told to. */
function isInterop(root, own) {
  const ts = require(require.resolve('typescript', { paths: [root] }));
  const found = ts.findConfigFile(root, ts.sys.fileExists);
  if (!found || !(own.transform ?? []).some(([, place]) => /ts-jest/.test(place))) return true;
  const { options } = ts.parseJsonConfigFileContent(ts.readConfigFile(found, ts.sys.readFile).config ?? {}, ts.sys, path.dirname(found));
  return options.esModuleInterop ?? (options.module >= ts.ModuleKind.Node16 || parseInt(ts.version, 10) >= 6);
}

function resolved(root) {
  const jest = path.dirname(require.resolve('jest/package.json', { paths: [root] }));
  const core = path.dirname(require.resolve('@jest/core/package.json', { paths: [jest] }));
  const config = path.dirname(require.resolve('jest-config/package.json', { paths: [core] }));
  return require.resolve('jest-environment-node', { paths: [config] });
}

module.exports = { explore };
