'use strict';
// Puts the tests of a file into another order, for a Jest that cannot do so itself. Runs inside Jest, before a test file.

const { chance } = require('./chance.cjs');

const random = chance(Number(process.env.ORCHESTRATE_SEED));

/** The runner keeps what it will run under a symbol that it tells nobody, but for its name. */
function plan() {
  const key = Object.getOwnPropertySymbols(globalThis).find(({ description }) => description === 'JEST_STATE_SYMBOL');
  return globalThis[key].rootDescribeBlock;
}

function shuffle({ children = [] }) {
  for (let last = children.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [children[last], children[other]] = [children[other], children[last]];
  }
  children.forEach(shuffle);
}

beforeAll(() => shuffle(plan()));
