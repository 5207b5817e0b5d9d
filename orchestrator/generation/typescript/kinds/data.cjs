'use strict';
// Modules that only hold data or pass on what others export: loaded and looked at, where there is nothing else to try.

const { encode, isOpaque, SOMETHING } = require('../values.cjs');

/** Longer than what a person would compare with. */
const LONGEST = 4000;

function subjects({ model: { data } }) {
  return data.length ? [{ fn: 'exports', isPromise: false }] : [];
}

function act({ request, load }) {
  const { module } = load();
  return Object.fromEntries(request.model.data.map((name) => [name, shown(module[name])]));
}

/** A value as far as it can be written down. */
function shown(value) {
  if (typeof value === 'function') return value;
  const form = encode(value);
  if (!isOpaque(form)) return JSON.stringify(form).length > LONGEST ? SOMETHING : value;
  return form.$opaque ? SOMETHING : Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shown(one)]));
}

module.exports = { subjects, act, isLast: true };
