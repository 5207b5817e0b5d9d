'use strict';
// Files that exist only in this process: a test is proven at the place where it will be, without being there.
// To be loaded before Jest, whose file system keeps its own copies of these functions.

const fs = require('node:fs');
const path = require('node:path');

const files = new Map();

/** From now on there are these files, by absolute path, and none of those before. */
function lay(texts) {
  files.clear();
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

const stat = (_, options) => fs.statSync(__filename, options);
instead(fs, 'readFileSync', read);
instead(fs.promises, 'readFile', async (place, options) => read(place, options));
instead(fs, 'existsSync', () => true);
for (const name of ['statSync', 'lstatSync']) instead(fs, name, stat);
const { native } = fs.realpathSync;
instead(fs, 'realpathSync', (place) => place);
fs.realpathSync.native = native;
instead(fs.realpathSync, 'native', (place) => place);

module.exports = { lay };
