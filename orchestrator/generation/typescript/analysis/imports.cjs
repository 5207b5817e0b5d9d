'use strict';
// What a target imports, and what becomes of each import: real, steady (real but for chance), or replaced.

const fs = require('node:fs');
const path = require('node:path');
const { isCommon, requiresIn } = require('./commons.cjs');
const { fold } = require('./constants.cjs');
const { shapeOf } = require('./shapes.cjs');

const OUTSIDE = new RegExp(
  '^(node:)?(fs|fs/promises|http|https|http2|net|tls|dgram|dns|child_process|cluster|worker_threads|os|readline)$' +
    '|^(pg|knex|ioredis|redis|mongoose|mongodb|mysql2?|sqlite3|better-sqlite3|typeorm|sequelize|drizzle-orm|nodemailer|axios|got' +
    '|node-fetch|undici|aws-sdk|stripe|bcrypt|bcryptjs|argon2|jsonwebtoken|jose|sharp|winston|pino|amqplib|kafkajs|bull|bullmq|ws' +
    '|twilio|openai|nanoid|uuid|dotenv)(/.*)?$|^@(prisma|aws-sdk|google-cloud|azure|sendgrid|elastic|sentry)/',
);
/** Clients of services: a package that depends on one asks that service itself. */
const CLIENTS = /^(pg|pg-promise|ioredis|redis|mongoose|mongodb|mysql2?|amqplib|kafkajs|nodemailer)$/;
const CHANCE = /^(node:)?crypto$/;
/** `export * as name from '...'`, which not every compiler tells of a file that it only skims. */
const PASSED_ON = /\bexport\s*\*\s*as\s+\w+\s+from\s*['"]([^'"]+)['"]/g;
/** The name of what a module is as a whole, where it is required. */
const WHOLE = '=';

/** The imports of the target, of files that are run with it (`also`), and of project files of which `fateOf` says that they are `walked`: {imports, walked}. */
function importsOf(look, fateOf = ({ fate }) => fate, also = []) {
  const imports = [];
  const walked = [look.source, ...also];
  for (const source of walked) {
    for (const one of importsIn({ ...look, source })) {
      const fate = fateOf(one, importsIn);
      const next = fate === 'walked' && look.program.getSourceFile(path.join(look.root, one.file));
      add(imports, { ...one, fate: next ? 'real' : fate, specifier: source === look.source ? one.specifier : fromTarget(look, one) });
      if (next && !walked.includes(next)) walked.push(next);
    }
  }
  return { imports, walked };
}

function add(imports, one) {
  const known = imports.find(({ file, specifier }) => (one.file ? file === one.file : specifier === one.specifier));
  if (!known) imports.push(one);
  else known.names.push(...one.names.filter(({ name }) => !known.names.some((own) => own.name === name)));
}

/** How the target would write what another file imports. */
function fromTarget({ root, source }, { file, specifier }) {
  if (!file || !specifier.startsWith('.')) return specifier;
  const own = path.relative(path.dirname(source.fileName), path.join(root, file)).replace(/\.[cm]?[jt]sx?$/, '');
  return own.startsWith('.') ? own : `./${own}`;
}

function importsIn(look) {
  const { ts, source } = look;
  const found = [];
  const note = (specifier, names) => {
    if (!names.length) return;
    const file = projectFile(look, specifier, source.fileName);
    found.push({ specifier, file: file && path.relative(look.root, file), fate: fateOf(look, specifier, file, names), names });
  };
  for (const node of source.statements) {
    if (!ts.isImportDeclaration(node) || node.importClause?.isTypeOnly || !node.importClause) continue;
    note(node.moduleSpecifier.text, namesOf(look, node.importClause));
  }
  for (const one of requiresIn(ts, source)) note(one.specifier, requiredNames(look, one));
  return found;
}

/** What a file uses of something that it requires: names that are taken out, else the properties that it reads, else all of it. */
function requiredNames(look, { binding, property }) {
  const { ts } = look;
  if (!binding) return [];
  if (ts.isIdentifier(binding)) {
    if (property) return [shapeOfName(look, { name: property, local: binding })];
    return propertiesRead(look, binding) ?? [shapeOfName(look, { name: WHOLE, local: binding })];
  }
  if (property || !ts.isObjectBindingPattern(binding)) return [];
  return binding.elements.filter(({ name, dotDotDotToken }) => ts.isIdentifier(name) && !dotDotDotToken).map((one) => shapeOfName(look, { name: (one.propertyName ?? one.name).text, local: one.name }));
}

/** The properties that are read of a name, null where it is also used as a whole. */
function propertiesRead(look, binding) {
  const { ts, source } = look;
  const found = new Map();
  let isWhole = false;
  const visit = (node) => {
    if (ts.isIdentifier(node) && node !== binding && node.text === binding.text && !isPropertyName(ts, node)) {
      const { parent } = node;
      if (ts.isQualifiedName(parent)) return;
      if (ts.isPropertyAccessExpression(parent) && parent.expression === node) found.set(parent.name.text, found.get(parent.name.text) ?? parent);
      else isWhole = true;
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return isWhole || !found.size ? null : [...found].map(([name, node]) => shapeOfName(look, { name, local: node }));
}

function isPropertyName(ts, node) {
  const { parent } = node;
  return (ts.isPropertyAccessExpression(parent) && parent.name === node) || ((ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent)) && parent.name === node);
}

function namesOf(look, clause) {
  const { ts } = look;
  const found = clause.name ? [{ name: 'default', local: clause.name }] : [];
  const bindings = clause.namedBindings;
  const read = bindings && ts.isNamespaceImport(bindings) ? propertiesRead(look, bindings.name) : null;
  if (bindings && ts.isNamespaceImport(bindings) && !read) found.push({ name: '*', local: bindings.name });
  if (bindings && ts.isNamedImports(bindings)) {
    for (const one of bindings.elements) {
      if (!one.isTypeOnly) found.push({ name: (one.propertyName ?? one.name).text, local: one.name });
    }
  }
  return [...found.filter(({ local }) => isValue(look, local)).map((one) => shapeOfName(look, one)), ...(read ?? [])];
}

function isValue({ ts, checker }, local) {
  const symbol = checker.getSymbolAtLocation(local);
  const real = symbol && symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  return Boolean(real && (real.flags & ts.SymbolFlags.Value || real.flags === 0 || real.escapedName === 'unknown'));
}

function shapeOfName(look, { name, local }) {
  const { ts, checker } = look;
  const symbol = checker.getSymbolAtLocation(local);
  const real = symbol && symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const type = real && isCommon(look.source) ? checker.getTypeAtLocation(local) : real ? checker.getTypeOfSymbolAtLocation(real, local) : checker.getAnyType();
  const from = real?.valueDeclaration;
  const initializer = from?.initializer ?? (from?.parent && ts.isBinaryExpression(from.parent) ? from.parent.right : undefined);
  const known = initializer && fold({ ...look, source: initializer.getSourceFile() }, initializer);
  const shape = type.flags & ts.TypeFlags.Any ? shapeOfUse(look, local) : null;
  return { name, local: local.getText(), ...(shape ?? shapeOf(look, type, local)), ...(known === undefined ? {} : { known }) };
}

/** What something without a type must be, by what is done with it; null if it is only passed on. */
function shapeOfUse({ ts, source }, local) {
  const text = local.getText().replace(/[$.]/g, '\\$&');
  if (new RegExp(`\\bnew ${text}\\b`).test(source.text)) return { shape: 'class' };
  if (new RegExp(`[^.\\w$]${text}\\(`).test(source.text)) return { shape: 'function', isSync: !new RegExp(`await ${text}\\(|[^.\\w$]${text}\\([^;]*\\.then\\(`).test(source.text) };
  return ts.isIdentifier(local) && new RegExp(`[^.\\w$]${text}\\.\\w+\\(`).test(source.text) ? { shape: 'object' } : null;
}

function projectFile({ ts, program, root }, specifier, from) {
  const { resolvedModule } = ts.resolveModuleName(specifier, from, program.getCompilerOptions(), ts.sys);
  const name = resolvedModule?.resolvedFileName;
  return name && !name.includes('/node_modules/') && name.startsWith(root) && !name.endsWith('.d.ts') ? name : null;
}

/** real: used as it is; steady: real but for chance; replaced: nothing of it runs. */
function fateOf(look, specifier, file, names) {
  if (CHANCE.test(specifier)) return 'steady';
  if (!file) return OUTSIDE.test(specifier) || asksService(look, specifier) ? 'replaced' : 'real';
  if (names.some(({ local }) => new RegExp(`(extends\\s+|(^|[\\s(])@)${local}\\b`).test(look.source.text))) return 'real';
  return isPure(look, file, new Set()) ? 'real' : 'replaced';
}

/** Whether a package, which is no plugin of a server, depends on the client of a service. */
function asksService({ root }, specifier) {
  const [name] = specifier.match(/^(@[^/]+\/)?[^/]+/) ?? [];
  const place = name && path.join(root, 'node_modules', name, 'package.json');
  if (!place || /fastify/.test(name) || !fs.existsSync(place)) return false;
  return Object.keys(JSON.parse(fs.readFileSync(place, 'utf8')).dependencies ?? {}).some((one) => CLIENTS.test(one));
}

function isPure(look, file, seen) {
  if (seen.has(file)) return true;
  seen.add(file);
  const text = fs.readFileSync(file, 'utf8');
  if (/\bprocess\.(env|exit|on)\b|\bsetInterval\(|\bfetch\(/.test(text)) return false;
  const named = [...text.matchAll(PASSED_ON)].map(([, fileName]) => ({ fileName, pos: 0 }));
  return [...look.ts.preProcessFile(text, true, true).importedFiles, ...named].every(({ fileName, pos }) => {
    if (/import\s+type\b[^;]*$/.test(text.slice(Math.max(0, pos - 300), pos))) return true;
    if (OUTSIDE.test(fileName) || CHANCE.test(fileName)) return false;
    const next = projectFile(look, fileName, file);
    return next ? isPure(look, next, seen) : !asksService(look, fileName);
  });
}

function realFiles(look, imports) {
  return imports
    .filter(({ file, fate }) => file && fate === 'real')
    .map(({ file }) => look.program.getSourceFile(path.join(look.root, file)))
    .filter(Boolean);
}

module.exports = { importsIn, importsOf, realFiles, projectFile, isPure };
