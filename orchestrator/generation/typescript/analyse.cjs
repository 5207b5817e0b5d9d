'use strict';
// Says what a target exports, what it depends on and which values matter to it. Reads; never runs project code.

const fs = require('node:fs');
const path = require('node:path');
const { applicationOf, builderOf, fateIn } = require('./analysis/application.cjs');
const { exportsOf } = require('./analysis/exports.cjs');
const { besideResolvers, graphqlOf, besideSchema } = require('./analysis/graphql.cjs');
const { collectHints, unique } = require('./analysis/hints.cjs');
const { importsOf, realFiles } = require('./analysis/imports.cjs');
const { kindsOf } = require('./analysis/kinds.cjs');
const { sitesOf } = require('./analysis/sites.cjs');

function analyse({ root, target, beside = [] }) {
  const ts = require(require.resolve('typescript', { paths: [root] }));
  const file = path.join(root, target);
  const program = programOf(ts, root, [file, ...beside.map((one) => path.join(root, one))]);
  const source = program.getSourceFile(file);
  if (!source) return { broken: { message: 'the compiler does not read it', line: 1, column: 1 } };
  const [bad] = program.getSyntacticDiagnostics(source);
  if (bad) {
    const { line, character } = source.getLineAndCharacterOfPosition(bad.start ?? 0);
    const message = ts.flattenDiagnosticMessageText(bad.messageText, ' ');
    return { broken: { message, line: line + 1, column: character + 1 } };
  }
  const look = { ts, checker: program.getTypeChecker(), program, source, root };
  const builder = builderOf(look);
  const real = beside.length ? beside : besideResolvers(look);
  const walkedFate = builder ? fateIn(look) : (one) => (real.includes(one.file) ? 'walked' : one.fate);
  const { imports, walked } = importsOf(look, walkedFate, besideSchema(look, beside));
  const graphql = builder ? null : graphqlOf(look, { imports, walked });
  const hints = { numbers: [], lengths: [], ages: [], strings: [], words: [], compared: {}, parsed: [], bodies: [], env: [], thrown: [] };
  for (const read of new Set([...walked, ...realFiles(look, imports)])) collectHints({ ...look, source: read }, hints);
  const sites = Object.assign({}, ...walked.map((read) => sitesOf({ ...look, source: read })).reverse());
  for (const { name, local } of imports.flatMap(({ names }) => names)) alias(sites, name, local);
  for (const one of imports.flatMap(({ names }) => names)) if (one.shape === 'query' && isMaker(sites, one.local)) one.shape = 'object';
  const usesClock = walked.some(({ text }) => /\bDate\b/.test(text));
  const usesTimers = walked.some(({ text }) => /\bset(Timeout|Interval)\(/.test(text));
  const files = graphql?.isExecutable && beside.length ? beside : [target];
  const model = { target, files, imports, ...exportsOf(look), graphql, sites, hints: unique(hints), usesClock, usesTimers };
  return kindsOf(look, builder ? { ...model, application: applicationOf(look, { ...builder, name: builder.name === 'default' ? model.main : builder.name }, walked) } : model, walked);
}

/** Whether clients are made with a name, by calling it or a method of it. */
function isMaker(sites, name) {
  return Object.keys(sites).some((key) => (key === name || key.startsWith(`${name}.`)) && sites[key].makes);
}

/** Files that are walked may call the same thing by its own name. */
function alias(sites, name, local) {
  if (name === local || name === '*') return;
  for (const key of Object.keys(sites)) if (key.startsWith(`${name}.`)) sites[local + key.slice(name.length)] ??= sites[key];
}

function programOf(ts, root, files) {
  const found = ts.findConfigFile(path.dirname(files[0]), ts.sys.fileExists);
  const read = found ? ts.readConfigFile(found, ts.sys.readFile).config : {};
  const parsed = ts.parseJsonConfigFileContent(read ?? {}, ts.sys, found ? path.dirname(found) : root);
  const options = { ...parsed.options, noEmit: true, allowJs: true, skipLibCheck: true };
  return ts.createProgram([...files, ...parsed.fileNames.filter(augments)], options, hostOf(ts, options));
}

/** Whether a file adds to the types of others, so that a target may rely on it without importing it. */
function augments(file) {
  return /^\s*declare (module ['"]|global)/m.test(fs.readFileSync(file, 'utf8'));
}

const sources = new Map();

/** Reads each file once, as long as this process is used. */
function hostOf(ts, options) {
  const host = ts.createCompilerHost(options, true);
  const read = host.getSourceFile;
  host.getSourceFile = (name, ...how) => {
    if (!sources.has(name)) sources.set(name, read.call(host, name, ...how));
    return sources.get(name);
  };
  return host;
}

module.exports = { analyse, programOf };
