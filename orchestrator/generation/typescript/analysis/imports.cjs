'use strict';
// What a target imports, and what becomes of each import: real, steady (real but for chance), or replaced.

const fs = require('node:fs');
const path = require('node:path');
const { fold } = require('./constants.cjs');
const { shapeOf } = require('./shapes.cjs');

const OUTSIDE = new RegExp(
  '^(node:)?(fs|fs/promises|http|https|http2|net|tls|dgram|dns|child_process|cluster|worker_threads|os|readline)$' +
    '|^(pg|knex|ioredis|redis|mongoose|mongodb|mysql2?|sqlite3|better-sqlite3|typeorm|sequelize|drizzle-orm|nodemailer|axios|got' +
    '|node-fetch|undici|aws-sdk|stripe|bcrypt|bcryptjs|argon2|jsonwebtoken|jose|sharp|winston|pino|amqplib|kafkajs|bull|bullmq|ws' +
    '|twilio|openai|nanoid|uuid|dotenv)(/.*)?$|^@(prisma|aws-sdk|google-cloud|azure|sendgrid|elastic|sentry)/',
);
const CHANCE = /^(node:)?crypto$/;

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
  for (const node of source.statements) {
    if (!ts.isImportDeclaration(node) || node.importClause?.isTypeOnly || !node.importClause) continue;
    const specifier = node.moduleSpecifier.text;
    const names = namesOf(look, node.importClause);
    if (!names.length) continue;
    const file = projectFile(look, specifier, source.fileName);
    found.push({ specifier, file: file && path.relative(look.root, file), fate: fateOf(look, specifier, file, names), names });
  }
  return found;
}

function namesOf(look, clause) {
  const { ts } = look;
  const found = clause.name ? [{ name: 'default', local: clause.name }] : [];
  const bindings = clause.namedBindings;
  if (bindings && ts.isNamespaceImport(bindings)) found.push({ name: '*', local: bindings.name });
  if (bindings && ts.isNamedImports(bindings)) {
    for (const one of bindings.elements) {
      if (!one.isTypeOnly) found.push({ name: (one.propertyName ?? one.name).text, local: one.name });
    }
  }
  return found.filter(({ local }) => isValue(look, local)).map((one) => shapeOfName(look, one));
}

function isValue({ ts, checker }, local) {
  const symbol = checker.getSymbolAtLocation(local);
  const real = symbol && symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  return Boolean(real && (real.flags & ts.SymbolFlags.Value || real.flags === 0 || real.escapedName === 'unknown'));
}

function shapeOfName(look, { name, local }) {
  const { ts, checker } = look;
  const symbol = checker.getSymbolAtLocation(local);
  const real = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const type = checker.getTypeOfSymbolAtLocation(real, local);
  const initializer = real.valueDeclaration?.initializer;
  const known = initializer && fold({ ...look, source: initializer.getSourceFile() }, initializer);
  return { name, local: local.text, ...shapeOf(look, type, local), ...(known === undefined ? {} : { known }) };
}

function projectFile({ ts, program, root }, specifier, from) {
  const { resolvedModule } = ts.resolveModuleName(specifier, from, program.getCompilerOptions(), ts.sys);
  const name = resolvedModule?.resolvedFileName;
  return name && !name.includes('/node_modules/') && name.startsWith(root) && !name.endsWith('.d.ts') ? name : null;
}

/** real: used as it is; steady: real but for chance; replaced: nothing of it runs. */
function fateOf(look, specifier, file, names) {
  if (CHANCE.test(specifier)) return 'steady';
  if (!file) return OUTSIDE.test(specifier) ? 'replaced' : 'real';
  if (names.some(({ local }) => new RegExp(`extends\\s+${local}\\b`).test(look.source.text))) return 'real';
  return isPure(look, file, new Set()) ? 'real' : 'replaced';
}

function isPure(look, file, seen) {
  if (seen.has(file)) return true;
  seen.add(file);
  const text = fs.readFileSync(file, 'utf8');
  if (/\bprocess\.(env|exit|on)\b|\bsetInterval\(|\bfetch\(/.test(text)) return false;
  return look.ts.preProcessFile(text).importedFiles.every(({ fileName, pos }) => {
    if (/import\s+type\b[^;]*$/.test(text.slice(Math.max(0, pos - 300), pos))) return true;
    if (OUTSIDE.test(fileName) || CHANCE.test(fileName)) return false;
    const next = projectFile(look, fileName, file);
    return !next || isPure(look, next, seen);
  });
}

function realFiles(look, imports) {
  return imports
    .filter(({ file, fate }) => file && fate === 'real')
    .map(({ file }) => look.program.getSourceFile(path.join(look.root, file)))
    .filter(Boolean);
}

module.exports = { importsOf, realFiles, projectFile, isPure };
