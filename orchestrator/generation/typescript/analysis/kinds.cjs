'use strict';
// The kinds of things that can be tested besides functions and classes: what the analysis says of each. Reads only.

const fs = require('node:fs');
const { isBuiltin } = require('node:module');
const path = require('node:path');
const { requiresIn } = require('./commons.cjs');
const { dataOf } = require('./data.cjs');
const { fastifyOf, headersOf } = require('./fastify.cjs');
const { failuresOf, knownErrorsOf } = require('./failures.cjs');
const { givensIn } = require('./givens.cjs');
const { importsIn, projectFile } = require('./imports.cjs');
const { loadingOf } = require('./loading.cjs');

/** The model with what only some kinds need; functions that another kind tests better are taken out. `walked` are the files that stay real. */
function kindsOf(look, model, walked) {
  const { application } = model;
  const sourcesOf = (files) => files.map((file) => look.program.getSourceFile(file)).filter(Boolean);
  const fastify = application ? null : fastifyOf(look, model.imports, sourcesOf(reachedBy(look, model).files.slice(1)));
  const claimed = [...(fastify ? [...fastify.plugins, ...fastify.hooks] : []), ...(application ? [application] : [])].map(({ name }) => (name === 'default' ? model.main : name));
  const isPlain = ({ params }) => params.every(({ type }) => !/"opaque"|"function"/.test(JSON.stringify(type)));
  const functions = model.functions.filter((one) => !claimed.includes(one.name) && (!application || isPlain(one)));
  // What the layers of an application throw is theirs.
  const read = (application ? [look.source] : walked).map((source) => ({ ...look, source }));
  const kinds = { fastify, failures: Object.assign({}, ...read.map(failuresOf).reverse()), errors: read.flatMap(knownErrorsOf), loading: application || fastify?.plugins.length ? null : loadingOf(look, model.imports) };
  const { packages, files } = reachedBy(look, { ...kinds, imports: model.imports });
  const usesClock = model.usesClock || sourcesOf(files).some(({ text }) => /\bDate\b/.test(text));
  const usesUptime = walked.some(({ text }) => /\bprocess\.uptime\b/.test(text));
  const hints = { ...model.hints, headers: [...new Set(walked.flatMap((source) => headersOf({ ...look, source })))] };
  return { ...model, hints, givens: givensIn([...functions, ...model.classes.flatMap(({ methods }) => methods), ...operated(model.graphql)]), usesUptime, functions, others: model.others.filter((name) => !claimed.includes(name)), ...kinds, usesClock, data: dataOf(look, sourcesOf(files), importsIn), packages };
}

/** What operations get, in the form of functions. */
function operated(graphql) {
  if (!graphql?.isExecutable) return [];
  return [{ params: [...(graphql.factory?.params ?? []), ...(graphql.context ? [graphql.context] : [])] }];
}

/** What loading the target loads: packages that run as they are, once and not for each case, and files of the project. */
function reachedBy(look, { imports, fastify, failures = {}, errors = [] }) {
  const handed = [fastify?.errorHandler, ...(fastify?.compilers ?? [])];
  const also = [...handed, ...Object.values(failures).flat(), ...errors].flatMap((one) => (one?.file ? [path.join(look.root, one.file)] : []));
  const replaced = new Set(imports.filter(({ fate }) => fate !== 'real').map(({ file, specifier }) => file ?? specifier));
  const waiting = [look.source.fileName, ...also];
  const found = new Set(handed.flatMap((one) => one?.specifier ?? []));
  for (const file of waiting) {
    for (const specifier of importedBy(look, file)) {
      const next = projectFile(look, specifier, file);
      if (next && !replaced.has(path.relative(look.root, next)) && !waiting.includes(next)) waiting.push(next);
      if (!next && !/^(\.|node:)/.test(specifier) && !isBuiltin(specifier) && !replaced.has(specifier)) found.add(specifier);
    }
  }
  return { packages: [...found].sort(), files: waiting };
}

function importedBy({ ts, program }, file) {
  const source = program.getSourceFile(file) ?? ts.createSourceFile(file, fs.readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const all = source.statements.filter((one) => ts.isImportDeclaration(one) || (ts.isExportDeclaration(one) && one.moduleSpecifier));
  const required = requiresIn(ts, source).map(({ specifier }) => specifier);
  return [...all.filter((one) => !one.importClause?.isTypeOnly && !one.isTypeOnly).map((one) => one.moduleSpecifier.text), ...required];
}

module.exports = { kindsOf };
