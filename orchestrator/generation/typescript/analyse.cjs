'use strict';
// Says what a target exports, what it depends on and which values matter to it. Reads; never runs project code.
// Usage: node analyse.cjs REQUEST.json RESULT.json, where a request is {root, target}.

const fs = require('node:fs');
const path = require('node:path');
const { isBuiltin } = require('node:module');
const { treeOf } = require('./types.cjs');

const OUTSIDE = new RegExp(
  '^(node:)?(fs|fs/promises|http|https|http2|net|tls|dgram|dns|child_process|cluster|worker_threads|os|readline)$' +
    '|^(pg|knex|ioredis|redis|mongoose|mongodb|mysql2?|sqlite3|better-sqlite3|typeorm|sequelize|drizzle-orm|nodemailer|axios|got' +
    '|node-fetch|undici|aws-sdk|stripe|bcrypt|bcryptjs|argon2|jsonwebtoken|jose|sharp|winston|pino|amqplib|kafkajs|bull|bullmq|ws' +
    '|twilio|openai|nanoid|uuid|dotenv)(/.*)?$|^@(prisma|aws-sdk|google-cloud|azure|sendgrid|elastic|sentry)/',
);
const CHANCE = /^(node:)?crypto$/;

function analyse({ root, target }) {
  const ts = require(require.resolve('typescript', { paths: [root] }));
  const file = path.join(root, target);
  const program = programOf(ts, root, file);
  const source = program.getSourceFile(file);
  if (!source) return { broken: { message: 'the compiler does not read it', line: 1, column: 1 } };
  const [bad] = program.getSyntacticDiagnostics(source);
  if (bad) {
    const { line, character } = source.getLineAndCharacterOfPosition(bad.start ?? 0);
    const message = ts.flattenDiagnosticMessageText(bad.messageText, ' ');
    return { broken: { message, line: line + 1, column: character + 1 } };
  }
  const look = { ts, checker: program.getTypeChecker(), program, source, root };
  const imports = importsOf(look);
  const hints = { numbers: [], lengths: [], ages: [], strings: [], words: [], compared: {}, parsed: [], bodies: [], env: [] };
  for (const read of [source, ...realFiles(look, imports)]) collectHints({ ...look, source: read }, hints);
  const sites = sitesOf(look);
  return { target, imports, ...exportsOf(look), sites, hints: unique(hints), usesClock: /\bDate\b/.test(source.text) };
}

function programOf(ts, root, file) {
  const found = ts.findConfigFile(path.dirname(file), ts.sys.fileExists);
  const read = found ? ts.readConfigFile(found, ts.sys.readFile).config : {};
  const parsed = ts.parseJsonConfigFileContent(read ?? {}, ts.sys, found ? path.dirname(found) : root);
  const options = { ...parsed.options, noEmit: true, allowJs: true, skipLibCheck: true };
  return ts.createProgram([file], options);
}

// --- imports ---------------------------------------------------------------------------------------------------

function importsOf(look) {
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

/** What stands for a dependency: a query that is chained, a function, an object of functions, a class, a value. */
function shapeOf({ ts, checker }, type, at) {
  if (type.getConstructSignatures().length) return { shape: 'class' };
  const calls = type.getCallSignatures();
  if (calls.length) {
    const result = calls[0].getReturnType();
    if (type.getProperties().length > 5 || isChain(checker, result)) return { shape: 'query' };
    return { shape: 'function', isSync: !result.getProperty('then') };
  }
  const base = checker.getNonNullableType(type);
  const methods = base.getProperties().filter((one) => checker.getTypeOfSymbolAtLocation(one, at).getCallSignatures().length);
  if (methods.length && !isPlain(ts, checker, base)) return { shape: 'object' };
  return { shape: 'value', type: treeOf(ts, checker, type, at) };
}

function isPlain(ts, checker, type) {
  const own = ['Date', 'Map', 'Set', 'Buffer', 'Array', 'ReadonlyArray', 'Promise', 'Error', 'RegExp'];
  const simple = ts.TypeFlags.StringLike | ts.TypeFlags.NumberLike | ts.TypeFlags.BooleanLike | ts.TypeFlags.BigIntLike;
  return Boolean(type.flags & simple) || type.isUnion() || checker.isArrayType(type) || own.includes(type.symbol?.getName());
}

function isChain(checker, type) {
  return Boolean(type.getProperty('then')) && type.getProperties().length > 8;
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

// --- exports ---------------------------------------------------------------------------------------------------

function exportsOf(look) {
  const { ts, checker, source } = look;
  const module = checker.getSymbolAtLocation(source);
  const classes = [];
  const functions = [];
  const others = [];
  for (const one of module ? checker.getExportsOfModule(module) : []) {
    const symbol = one.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(one) : one;
    const node = symbol.valueDeclaration;
    if (!node || node.getSourceFile() !== source) continue;
    const body = node.initializer ?? node;
    const name = one.getName();
    if (ts.isClassDeclaration(node)) classes.push(classOf(look, name, node));
    else if (isFunction(ts, body)) functions.push(functionOf(look, name, body));
    else others.push(name);
  }
  return { classes, functions, others };
}

function isFunction(ts, node) {
  return ts.isFunctionDeclaration(node) || ts.isArrowFunction(node) || ts.isFunctionExpression(node);
}

function functionOf(look, name, node) {
  const { ts, checker } = look;
  const signature = checker.getSignatureFromDeclaration(node);
  const returns = signature.getReturnType();
  const isAsync = Boolean(returns.getProperty('then'));
  const line = look.source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
  return { name, isAsync, line, params: node.parameters.map((one) => paramOf(look, one)) };
}

function paramOf(look, node) {
  const { ts, checker } = look;
  const type = checker.getTypeAtLocation(node);
  const optional = Boolean(node.questionToken || node.initializer);
  const typeName = node.type && ts.isTypeReferenceNode(node.type) ? node.type.getText() : '';
  const name = ts.isIdentifier(node.name) ? node.name.text : lowerFirst(typeName.replace(/\W.*/, '')) || 'input';
  const fallback = node.initializer && fold(look, node.initializer);
  return { name, optional, fallback, rest: Boolean(node.dotDotDotToken), type: withoutUndefined(treeOf(ts, checker, type, node), optional) };
}

function withoutUndefined(tree, optional) {
  if (!optional || tree.k !== 'union') return tree;
  const of = tree.of.filter((one) => one.k !== 'undefined');
  return of.length === 1 ? of[0] : { k: 'union', of };
}

function classOf(look, name, node) {
  const { ts, checker } = look;
  const constructor = node.members.find(ts.isConstructorDeclaration);
  const isHidden = (one) =>
    ts.isPrivateIdentifier(one.name) ||
    one.modifiers?.some(({ kind }) => [ts.SyntaxKind.PrivateKeyword, ts.SyntaxKind.ProtectedKeyword, ts.SyntaxKind.AbstractKeyword].includes(kind));
  const methods = node.members
    .filter((one) => ts.isMethodDeclaration(one) && one.body && ts.isIdentifier(one.name) && !isHidden(one))
    .map((one) => ({
      ...functionOf(look, one.name.text, one),
      isStatic: Boolean(one.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword)),
    }));
  const params = (constructor?.parameters ?? []).map((one) => {
    const type = checker.getTypeAtLocation(one);
    const typeName = one.type && ts.isTypeReferenceNode(one.type) ? one.type.typeName.getText() : null;
    return { ...paramOf(look, one), typeName, from: typeName && originOf(look, typeName), ...shapeOf(look, type, one) };
  });
  const isAbstract = Boolean(node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AbstractKeyword));
  return { name, params, methods, isAbstract, isDerived: Boolean(node.heritageClauses) };
}

/** The import that a type name comes from, as the target writes it. */
function originOf({ ts, source }, name) {
  for (const node of source.statements) {
    if (!ts.isImportDeclaration(node) || !node.importClause) continue;
    const specifier = node.moduleSpecifier.text;
    if (node.importClause.name?.text === name) return { specifier, kind: 'default' };
    const bindings = node.importClause.namedBindings;
    if (bindings && ts.isNamedImports(bindings) && bindings.elements.some((one) => one.name.text === name)) {
      return { specifier, kind: 'named' };
    }
  }
  return null;
}

// --- what dependencies answer ----------------------------------------------------------------------------------

/** Every outermost call chain: its table or first word, its last method, and the type that awaiting it gives. */
function sitesOf(look) {
  const { ts, checker, source } = look;
  const sites = {};
  const visit = (node) => {
    if (ts.isCallExpression(node) && !isInChain(ts, node)) {
      const { words, table } = chainOf(ts, node);
      const type = checker.getTypeAtLocation(node);
      const isPromise = Boolean(type.getProperty('then'));
      const result = treeOf(ts, checker, (isPromise && checker.getAwaitedType(type)) || type, node);
      const site = { type: result, isSync: !isPromise, isChain: words.length > 2 };
      const last = words[words.length - 1];
      for (const key of [words.join('.'), `${table ?? words[0]}.${last}`, `*.${last}`, `${table}`]) sites[key] ??= site;
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return sites;
}

function isInChain(ts, node) {
  const parent = node.parent;
  return ts.isPropertyAccessExpression(parent) && parent.expression === node && ts.isCallExpression(parent.parent);
}

function chainOf(ts, node) {
  const words = [];
  let table = null;
  let at = node;
  for (;;) {
    if (ts.isCallExpression(at)) {
      const [first] = at.arguments;
      if (first && ts.isStringLiteralLike(first) && !ts.isPropertyAccessExpression(at.expression)) table = first.text;
      if (first && ts.isStringLiteralLike(first) && at.expression.expression?.kind === ts.SyntaxKind.ThisKeyword) table = first.text;
      at = at.expression;
    } else if (ts.isPropertyAccessExpression(at)) {
      words.unshift(at.name.text);
      at = at.expression;
    } else if (ts.isNonNullExpression(at) || ts.isParenthesizedExpression(at) || ts.isAwaitExpression(at)) at = at.expression;
    else break;
  }
  if (ts.isIdentifier(at)) words.unshift(at.text);
  return { words, table };
}

// --- values that matter ----------------------------------------------------------------------------------------

function collectHints(look, hints) {
  const { ts, checker, source } = look;
  const visit = (node) => {
    if (ts.isBinaryExpression(node)) compare(look, node, hints);
    if (ts.isCaseClause(node)) remember(hints.compared, nameOf(ts, node.parent.parent.expression), fold(look, node.expression));
    if (ts.isStringLiteralLike(node) && isValuePlace(ts, node) && node.text.length < 60) hints.strings.push(node.text);
    if (ts.isAsExpression(node) || ts.isVariableDeclaration(node)) collectCast(look, node, hints);
    if (ts.isVariableDeclaration(node) && node.initializer) {
      const value = fold(look, node.initializer);
      if (typeof value === 'number') {
        hints.numbers.push(value);
        if (/DAYS/i.test(node.name.getText())) hints.ages.push(value * 86_400_000);
        else if (value >= 60_000) hints.ages.push(value);
      }
      if (ts.isArrayLiteralExpression(node.initializer)) {
        hints.words.push(...node.initializer.elements.filter(ts.isStringLiteralLike).map(({ text }) => text));
      }
    }
    if (ts.isRegularExpressionLiteral(node)) hints.words.push(...wordsOfPattern(node.text));
    ts.forEachChild(node, visit);
  };
  visit(source);
}

function compare(look, node, hints) {
  const { ts } = look;
  const K = ts.SyntaxKind;
  const order = [K.LessThanToken, K.LessThanEqualsToken, K.GreaterThanToken, K.GreaterThanEqualsToken];
  const equal = [K.EqualsEqualsToken, K.EqualsEqualsEqualsToken, K.ExclamationEqualsToken, K.ExclamationEqualsEqualsToken];
  const kind = node.operatorToken.kind;
  if (!order.includes(kind) && !equal.includes(kind)) return;
  for (const [one, other] of [[node.left, node.right], [node.right, node.left]]) {
    const value = fold(look, other);
    if (typeof value === 'number') {
      const isLength = ts.isPropertyAccessExpression(one) && ['length', 'size'].includes(one.name.text);
      (isLength ? hints.lengths : hints.numbers).push(value);
      if (value >= 60_000) hints.ages.push(value);
    } else if (typeof value === 'string') remember(hints.compared, nameOf(ts, one), value);
  }
}

function collectCast(look, node, hints) {
  const { ts, checker } = look;
  let from = ts.isAsExpression(node) ? node.expression : node.initializer;
  while (from && (ts.isParenthesizedExpression(from) || ts.isAwaitExpression(from))) from = from.expression;
  if (!from || !ts.isCallExpression(from) || !node.type) return;
  const text = from.expression.getText();
  const type = treeOf(ts, checker, checker.getTypeFromTypeNode(node.type), node);
  if (text === 'JSON.parse') hints.parsed.push(type);
  if (text.endsWith('.json')) hints.bodies.push(type);
}

function isValuePlace(ts, node) {
  const { parent } = node;
  if (ts.isCallExpression(parent)) return /\.(includes|startsWith|endsWith|split|has|indexOf|test)$/.test(parent.expression.getText());
  return ts.isBinaryExpression(parent) || ts.isCaseClause(parent) || (ts.isArrayLiteralExpression(parent) && ts.isNewExpression(parent.parent));
}

function wordsOfPattern(text) {
  if (text.includes('https?')) return ['see https://a.example and https://b.example and https://c.example', 'see https://a.example'];
  if (/\(\.\)\\1/.test(text)) return ['sooooooo good'];
  if (/a-z/i.test(text)) return ['1234567890123', 'LOUD VOICES EVERYWHERE', 'abcdefghijklm', 'Crème brûlée!'];
  if (/\\s/.test(text)) return ['two  words'];
  return /%/.test(text) ? ['50%_\\'] : [];
}

function nameOf(ts, node) {
  if (ts.isPropertyAccessExpression(node)) return node.name.text;
  return ts.isIdentifier(node) ? node.text : '';
}

function remember(compared, name, value) {
  if (name && typeof value === 'string') (compared[name] ??= []).push(value);
}

/** The value of an expression made of literals and constants, undefined if it is not. */
function fold(look, node, depth = 0) {
  const { ts, checker } = look;
  if (depth > 8) return undefined;
  if (ts.isNumericLiteral(node)) return Number(node.text.replace(/_/g, ''));
  if (ts.isStringLiteralLike(node)) return node.text;
  if (node.kind === ts.SyntaxKind.TrueKeyword) return true;
  if (node.kind === ts.SyntaxKind.FalseKeyword) return false;
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node)) return fold(look, node.expression, depth + 1);
  if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.MinusToken) {
    const value = fold(look, node.operand, depth + 1);
    return typeof value === 'number' ? -value : undefined;
  }
  if (ts.isIdentifier(node)) {
    const symbol = checker.getSymbolAtLocation(node);
    const from = symbol?.valueDeclaration;
    const constant = from && ts.isVariableDeclaration(from) && from.initializer && from.parent.flags & ts.NodeFlags.Const;
    return constant ? fold(look, from.initializer, depth + 1) : undefined;
  }
  if (!ts.isBinaryExpression(node)) return undefined;
  const [left, right] = [fold(look, node.left, depth + 1), fold(look, node.right, depth + 1)];
  if (typeof left !== 'number' || typeof right !== 'number') return undefined;
  switch (node.operatorToken.kind) {
    case ts.SyntaxKind.AsteriskToken: return left * right;
    case ts.SyntaxKind.PlusToken: return left + right;
    case ts.SyntaxKind.MinusToken: return left - right;
    case ts.SyntaxKind.SlashToken: return left / right;
    default: return undefined;
  }
}

function lowerFirst(text) {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}

function unique(hints) {
  const once = (list) => [...new Map(list.map((one) => [JSON.stringify(one), one])).values()];
  for (const [name, value] of Object.entries(hints)) {
    if (Array.isArray(value)) hints[name] = once(value);
    else for (const key of Object.keys(value)) value[key] = once(value[key]);
  }
  return hints;
}

const [, , request, result] = process.argv;
fs.writeFileSync(result, JSON.stringify(analyse(JSON.parse(fs.readFileSync(request, 'utf8')))));
