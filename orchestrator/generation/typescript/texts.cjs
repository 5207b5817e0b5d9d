'use strict';
// The emitted text as the project wants its files: without types where it is JavaScript, as its Prettier has it, and
// checked by its own compiler where the transform of its tests checks nothing.

const fs = require('node:fs');
const path = require('node:path');
const { native, required } = require('./forms.cjs');

const BLANK = '//#';
/** How a test file takes modules in, where that is not by the `import` that it is made with. */
const FORMS = { require: required, module: native };
const JAVASCRIPT = /\.[cm]?jsx?$/;
/** Names that a project without type definitions for its runner does not have, and what it cannot import types of. */
const UNTYPED = /^(Cannot find name '(jest|describe|it|expect|beforeEach|afterEach|Buffer)'|Cannot find module '(node:)?util')/;

/** The files as they are to be written; `form` is how they take modules in. */
async function finished(root, files, form) {
  const prettier = await prettierOf(root);
  const done = {};
  for (const [name, text] of Object.entries(files)) {
    const filepath = path.join(root, name);
    const formed = FORMS[form]?.(compilerOf(root), text, (module) => withSuffix(filepath, module)) ?? text;
    const own = JAVASCRIPT.test(name) ? plain(root, formed) : formed;
    const options = prettier && (await prettier.resolveConfig(filepath, { editorconfig: true }));
    done[name] = prettier ? await prettier.format(own, { ...options, filepath }) : own;
  }
  return done;
}

/** The name of a module of the project as Node wants it of an ES module: with its suffix, where that is JavaScript. */
function withSuffix(from, name) {
  const place = path.resolve(path.dirname(from), name);
  return name + (name.startsWith('.') ? ['.js', '.mjs', '.cjs', '/index.js'].find((suffix) => fs.existsSync(place + suffix)) ?? '' : '');
}

/** The text without its types. */
function plain(root, text) {
  const ts = compilerOf(root);
  const compilerOptions = { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext, newLine: ts.NewLineKind.LineFeed };
  const { outputText } = ts.transpileModule(text.replace(/^$/gm, BLANK), { compilerOptions });
  return outputText.replace(new RegExp(`^[ \\t]*${BLANK}$`, 'gm'), '').replace(/\n{3,}/g, '\n\n').trimEnd() + '\n';
}

/** What the compiler has against a TypeScript file, in its own words. */
function complaints(root, file) {
  const ts = compilerOf(root);
  const found = ts.findConfigFile(path.dirname(file), ts.sys.fileExists);
  if (!found || JAVASCRIPT.test(file)) return [];
  const parsed = ts.parseJsonConfigFileContent(ts.readConfigFile(found, ts.sys.readFile).config ?? {}, ts.sys, path.dirname(found));
  const program = ts.createProgram([file], { ...parsed.options, noEmit: true, skipLibCheck: true });
  const source = program.getSourceFile(file);
  return program.getSemanticDiagnostics(source).flatMap(({ messageText, start, code }) => {
    const message = ts.flattenDiagnosticMessageText(messageText, ' ');
    const { line, character } = source.getLineAndCharacterOfPosition(start ?? 0);
    return UNTYPED.test(message) ? [] : [`${path.basename(file)}:${line + 1}:${character + 1} - error TS${code}: ${message}`];
  });
}

function compilerOf(root) {
  return require(require.resolve('typescript', { paths: [root] }));
}

async function prettierOf(root) {
  try {
    const found = await import(require.resolve('prettier', { paths: [root] }));
    return found.default ?? found;
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND') return null;
    throw error;
  }
}

module.exports = { complaints, finished };
