'use strict';
// Jest transformer for the search: types are stripped, not checked. The target is counted or mutated on the way.

const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

/** Of one file: the numbers of the next one begin there. */
const MOST_MUTANTS = 100_000;
const OWN = crypto.createHash('sha256').update(fs.readFileSync(__filename)).update(fs.readFileSync(path.join(__dirname, 'mutants.cjs'))).digest('hex');

module.exports = {
  getCacheKey(text, file, { transformerConfig, configString }) {
    return crypto.createHash('sha256').update([OWN, text, file, JSON.stringify(transformerConfig), configString].join('\0')).digest('hex');
  },
  process(text, file, { transformerConfig }) {
    const { root, targets, mode, isInterop } = transformerConfig;
    const ts = require(require.resolve('typescript', { paths: [root] }));
    const number = targets.findIndex((one) => path.resolve(file) === path.join(root, one));
    const isTarget = number >= 0;
    const before = isTarget && mode === 'mutate' ? [require('./mutants.cjs').mutation(ts, number * MOST_MUTANTS)] : [];
    const { outputText } = ts.transpileModule(text, {
      fileName: file,
      transformers: { before },
      compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022, esModuleInterop: isInterop, allowJs: true, jsx: ts.JsxEmit.React, experimentalDecorators: true },
    });
    return { code: isTarget && mode === 'count' ? counted(root, outputText, file) : outputText };
  },
};

function counted(root, code, file) {
  const jest = path.dirname(require.resolve('jest/package.json', { paths: [root] }));
  const core = path.dirname(require.resolve('@jest/core', { paths: [jest] }));
  const reporters = require.resolve('@jest/reporters', { paths: [core] });
  const { createInstrumenter } = require(require.resolve('istanbul-lib-instrument', { paths: [path.dirname(reporters)] }));
  return createInstrumenter({ esModules: false, compact: false, produceSourceMap: false }).instrumentSync(code, file);
}
