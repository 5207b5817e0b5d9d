'use strict';
// What a header of a request may say, as decisions of a search: its usual value first, none at all last.

const TOKENS = ['Bearer token-1', 'Basic YWRhOnB3', 'Bearer', 'bearer token-1', 'token-1', ''];

/** The alternatives of a header, each [label, make]. */
function headerOf(draws, name) {
  const usual = name === 'authorization' ? TOKENS : draws.strings(name, `header:${name}`).slice(0, 8).filter((one) => /^[\x20-\x7e]*$/.test(one));
  return [...usual.map((one) => [one || 'empty', () => one]), ['missing', () => undefined]];
}

module.exports = { headerOf };
