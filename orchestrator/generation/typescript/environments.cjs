'use strict';
// The environment under which an application can be loaded, where it refuses others: found by trying. Runs inside Jest.

const { Draws } = require('./draws.cjs');

const MOST_TRIES = 40;
const MOST_VALUES = 6;

/** Return the fewest variables with which `loads(environment)` does not fail, null if none are found. */
async function environmentFor({ hints }, names, loads) {
  const draws = new Draws({ hints }, {});
  const values = new Map(names.map((name) => [name, draws.strings(name, '').slice(0, MOST_VALUES)]).filter(([, some]) => some.length));
  let left = MOST_TRIES;
  const failure = async (environment) => {
    left -= 1;
    return left < 0 ? 'too many tries' : loads(environment).then(() => null, ({ message }) => message);
  };
  const firsts = Object.fromEntries([...values].map(([name, [first]]) => [name, first]));
  const found = (await grown({}, values, failure)) ?? (await grown(firsts, values, failure));
  return found && fewest(found, failure);
}

/** An environment that is changed name by name, as long as another failure comes of it; null if the last one fails too. */
async function grown(begin, values, failure) {
  let kept = begin;
  const seen = new Set([await failure(kept)]);
  for (const [name, some] of values) {
    for (const value of [...(name in begin ? [undefined] : []), ...some]) {
      if (seen.has(null)) return kept;
      const { [name]: _, ...rest } = kept;
      const changed = value === undefined ? rest : { ...rest, [name]: value };
      const said = await failure(changed);
      if (!seen.has(said)) kept = changed;
      seen.add(said);
    }
  }
  return seen.has(null) ? kept : null;
}

/** The same without what is not needed. */
async function fewest(found, failure) {
  let kept = found;
  for (const name of Object.keys(found)) {
    const { [name]: _, ...rest } = kept;
    if ((await failure(rest)) === null) kept = rest;
  }
  return kept;
}

module.exports = { environmentFor };
