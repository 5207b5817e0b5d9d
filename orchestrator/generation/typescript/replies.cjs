'use strict';
// What the outside answers in the search: by the type of the call, and with the failures that there may be.

const { encode, decode, instance } = require('./values.cjs');

// No name: an object that learns would have a property of any name.
const MADE_OF = Symbol('made of');

function reply(model, draws, at, { table, last, words, args, type }) {
  const { sites } = model;
  if (type) return draws.draw(at, type, last);
  const own = (model.failures[words] ?? []).map((spec) => [`fails with ${typeof spec.args[0] === 'string' ? JSON.stringify(spec.args[0]) : spec.name}`, () => instance(spec)]);
  const failures = [['fails', () => new Error('connection lost')], ...own, ...(own.length ? [] : model.hints.compared.code ?? []).map((code) => [`fails with code ${code}`, () => Object.assign(new Error('refused'), { code })])];
  if (words === 'fetch') return response(model, draws, at, failures);
  const site = sites[words] ?? sites[`${table}.${last}`] ?? sites[`*.${last}`] ?? sites[table];
  const tree = site ? site.type : { k: 'any' };
  const [first, ...rest] = nothingFirst(draws.alternatives(at, tree, last || 'answer'), args);
  // Of a whole application, failures matter more than what else is answered: it mostly passes that on.
  return draws.choose(at, draws.isWhole ? [first, ...failures, ...rest] : [first, ...rest, ...failures]);
}

/** Who is given nothing finds nothing, if that is possible. */
function nothingFirst(alternatives, args) {
  const isGivenNothing = args?.length && args.every((one) => one === undefined || one === null);
  const isNothing = ([label]) => label === 'null' || label === 'undefined';
  return isGivenNothing ? [...alternatives.filter(isNothing), ...alternatives.filter((one) => !isNothing(one))] : alternatives;
}

function response({ hints }, draws, at, failures) {
  const answered = (status, make) => Object.assign(Response.json(make, { status }), { [MADE_OF]: { status, json: encode(make) } });
  const bodies = hints.bodies.length ? hints.bodies : [{ k: 'record', of: { k: 'any' } }];
  const full = bodies.map((tree) => ['answers 200', () => answered(200, decode(draws.encode(draws.draw(`${at}.body`, tree, 'body'), true)))]);
  return draws.choose(at, [...full, ['answers 500', () => answered(500, { error: 'unavailable' })], ...failures]);
}

function replyText(draws, value) {
  return value?.[MADE_OF] ? { $response: value[MADE_OF] } : draws.encode(value, false);
}

module.exports = { reply, replyText };
