'use strict';
// What stands for a dependency: a query that is chained, a function, an object of functions, a class, a value.

const { treeOf } = require('../types.cjs');

/** What any logger has, by whatever package. */
const LEVELS = ['debug', 'info', 'warn', 'error'];
/** Properties that a function may have beside what every function has; something with more is a client that can also be called. */
const MOST_OF_A_FUNCTION = 5;
/** What every function has, also where its type says so. */
const OF_FUNCTIONS = new Set(['prototype', ...Object.getOwnPropertyNames(Function.prototype)]);

function shapeOf({ ts, checker }, type, at) {
  if (type.getConstructSignatures().length) return { shape: 'class' };
  const calls = type.getCallSignatures();
  if (calls.length) {
    const result = calls[0].getReturnType();
    if (type.getProperties().filter((one) => !OF_FUNCTIONS.has(one.getName())).length > MOST_OF_A_FUNCTION || isChain(checker, result)) return { shape: 'query' };
    return { shape: 'function', isSync: !result.getProperty('then') };
  }
  const base = checker.getNonNullableType(type);
  const methods = base.getProperties().filter((one) => checker.getTypeOfSymbolAtLocation(one, at).getCallSignatures().length);
  if (methods.length && !isPlain(ts, checker, base)) return { shape: 'object', ...(isLogger(base) ? { isLogger: true } : {}) };
  return { shape: 'value', type: treeOf(ts, checker, type, at) };
}

function isLogger(type) {
  return LEVELS.every((name) => type.getProperty(name));
}

function isPlain(ts, checker, type) {
  const own = ['Date', 'Map', 'Set', 'Buffer', 'Array', 'ReadonlyArray', 'Promise', 'Error', 'RegExp'];
  const simple = ts.TypeFlags.StringLike | ts.TypeFlags.NumberLike | ts.TypeFlags.BooleanLike | ts.TypeFlags.BigIntLike;
  return Boolean(type.flags & simple) || type.isUnion() || checker.isArrayType(type) || own.includes(type.symbol?.getName());
}

function isChain(checker, type) {
  return Boolean(type.getProperty('then')) && type.getProperties().length > 8;
}

module.exports = { isChain, MOST_OF_A_FUNCTION, shapeOf };
