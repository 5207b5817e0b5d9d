'use strict';
// Files that exist only in this process: a test is proven at the place where it will be, without being there.
// To be loaded before Jest, whose file system keeps its own copies of these functions.

const fs = require('node:fs');
const path = require('node:path');

const files = new Map();
let version = 0;

/** From now on there are these files, by absolute path, and none of those before. */
function lay(texts) {
  files.clear();
  version += 1;
  for (const [place, text] of Object.entries(texts)) files.set(path.resolve(place), text);
}

function has(place) {
  return typeof place === 'string' && files.size > 0 && files.has(path.resolve(place));
}

function instead(owner, name, answer) {
  const own = owner[name];
  owner[name] = Object.assign((place, ...rest) => (has(place) ? answer(path.resolve(place), ...rest) : own.call(owner, place, ...rest)), own);
}

function read(place, options) {
  const encoding = typeof options === 'string' ? options : options?.encoding;
  return encoding ? files.get(place) : Buffer.from(files.get(place));
}

// Jest takes a file with the same time of change for the same file.
const stat = (_, options) => Object.assign(fs.statSync(__filename, options), { mtimeMs: version, mtime: new Date(version) });
instead(fs, 'readFileSync', read);
instead(fs.promises, 'readFile', async (place, options) => read(place, options));
instead(fs, 'existsSync', () => true);
for (const name of ['statSync', 'lstatSync']) instead(fs, name, stat);
const { native } = fs.realpathSync;
instead(fs, 'realpathSync', (place) => place);
fs.realpathSync.native = native;
instead(fs.realpathSync, 'native', (place) => place);

module.exports = { lay };
