'use strict';
// Says of a whole application what a flow through it needs to know: its routes, what they take and answer, who is let in,
// and which variables name its services. Reads; never runs project code.

const fs = require('node:fs');
const path = require('node:path');
const { programOf } = require('./analyse.cjs');
const { answersOf } = require('./analysis/answers.cjs');
const { applicationOf, builderOf, fateIn } = require('./analysis/application.cjs');
const { sourcesIn } = require('./analysis/fastify.cjs');
const { importsOf } = require('./analysis/imports.cjs');
const { Draws } = require('./draws.cjs');
const { fieldsOf } = require('./inputs.cjs');

const HINTS = { hints: { numbers: [], lengths: [], ages: [], strings: [], words: [], compared: {}, parsed: [], bodies: [], env: [] } };
const SERVICE = /\b[A-Z_]*(DATABASE|POSTGRES|PG|DB|REDIS|MONGO|MYSQL|AMQP|RABBIT|KAFKA)[A-Z_]*(URL|URI|DSN|HOST)\b/g;

/** {file, name, needs, routes}; `file` is null where no function builds a server. */
function flow({ root }) {
  const ts = require(require.resolve('typescript', { paths: [root] }));
  for (const file of candidates(root)) {
    const program = programOf(ts, root, [file]);
    const look = { ts, checker: program.getTypeChecker(), program, source: program.getSourceFile(file), root };
    const builder = builderOf(look);
    if (builder) return flowIn(look, builder);
  }
  return { file: null };
}

/** Files that may make a server, the nearest to the root first. */
function candidates(root) {
  const makes = (file) => /\bfastify\s*(<[^>]*>)?\(/i.test(fs.readFileSync(file, 'utf8'));
  return sourcesIn(root).filter(makes).sort((one, two) => one.split(path.sep).length - two.split(path.sep).length || (one < two ? -1 : 1));
}

function flowIn(look, builder) {
  const { imports, walked } = importsOf(look, fateIn(look));
  const { mounts, name } = applicationOf(look, builder, walked);
  const answers = new Map(walked.map((source) => [source.fileName, answersOf({ ...look, source })]));
  const texts = [...walked.map(({ text }) => text), ...imports.filter(({ file }) => file).map(({ file }) => fs.readFileSync(path.join(look.root, file), 'utf8'))];
  const routes = mounts.flatMap(({ prefix, file, routes: own }) => Object.entries(own).map(([key, parts]) => routeOf(prefix, key, parts, answers.get(file)?.[key])));
  return { file: path.relative(look.root, look.source.fileName), name, needs: [...new Set(texts.flatMap((text) => text.match(SERVICE) ?? []))].sort(), routes: distinct(routes) };
}

function routeOf(prefix, key, parts, answer) {
  const [method, local] = key.split(' ');
  const url = `${prefix}${local === '/' && prefix ? '' : local}`;
  return { method, url, prefix, ...bodyOf(parts.body), ...(answer ?? { statuses: [200], body: null, isGuarded: false }) };
}

/** A body with what is required, and the names in it that only an earlier answer can give. */
function bodyOf(schema) {
  if (!schema?.properties) return { payload: null, ids: [] };
  const required = (schema.required ?? []).filter((name) => schema.properties[name]);
  const whole = fieldsOf(new Draws(HINTS, {}), 'body:', { ...schema, required });
  return { payload: Object.fromEntries(required.map((name) => [name, whole[name]])), ids: required.filter((name) => schema.properties[name].format === 'uuid' || /Id$/.test(name)) };
}

function distinct(routes) {
  return [...new Map(routes.reverse().map((one) => [`${one.method} ${one.url}`, one])).values()].reverse();
}

module.exports = { flow };
