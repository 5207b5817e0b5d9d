'use strict';
// Numbers that look random and are the same for the same seed.

/** Always the same one would not do: packages make names of them that must differ. */
function chance(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

module.exports = { chance };
