'use strict';
// Values as JSON and back: an object with one key that begins with `$` stands for what JSON lacks.

const { isProxy } = require('node:util').types;

const DEEPEST = 12;
const classes = new Map();
const origins = new WeakMap();
const givens = new Map();
/** Stands for an object that cannot be written down. */
const SOMETHING = Object.freeze({});
origins.set(SOMETHING, { $something: true });

/** An object of a class of the project, such as one of its errors; it is written down as what made it. */
function instance(spec) {
  const known = classes.get(spec.name);
  if (!known) throw new Error(`there is no class ${spec.name}`);
  const made = new known(...spec.args.map(decode));
  origins.set(made, { $new: spec });
  return made;
}

/** What stands for a service that a function gets as an argument; it is written down as its name. */
function hand(name, made) {
  givens.set(name, made);
  origins.set(made, { $given: name });
}

/** `read(proxy)` tells the keys that a learning object has by now; null for what is none. */
function encode(value, read = () => null, depth = 0) {
  if (depth > DEEPEST) return { $opaque: 'deep' };
  if (origins.has(value)) return origins.get(value);
  const inner = (one) => encode(one, read, depth + 1);
  switch (typeof value) {
    case 'undefined': return { $undefined: true };
    case 'string': case 'boolean': return value;
    case 'number': return Number.isFinite(value) && !Object.is(value, -0) ? value : { $number: Object.is(value, -0) ? '-0' : String(value) };
    case 'bigint': return { $bigint: String(value) };
    case 'function': return { $function: true };
    case 'symbol': return { $opaque: 'symbol' };
  }
  if (value === null) return null;
  const keys = read(value);
  if (keys) return Object.fromEntries(keys.map((key) => [key, inner(value[key])]));
  if (Array.isArray(value)) return value.map(inner);
  const tag = Object.prototype.toString.call(value);
  if (tag === '[object Date]') return { $date: Number.isNaN(value.getTime()) ? 'invalid' : value.toISOString() };
  if (tag === '[object Set]') return { $set: [...value].map(inner) };
  if (tag === '[object Map]') return { $map: [...value].map(([key, one]) => [inner(key), inner(one)]) };
  if (tag === '[object Error]' || value instanceof Error) return { $error: errorOf(value, inner) };
  if (ArrayBuffer.isView(value)) return { $buffer: Buffer.from(value).toString('base64') };
  if (isProxy(value)) return { $opaque: 'double' };
  const proto = Object.getPrototypeOf(value);
  if (proto !== null && Object.getPrototypeOf(proto) !== null) return { $opaque: value.constructor?.name ?? 'object' };
  return Object.fromEntries(Object.keys(value).map((key) => [key, inner(value[key])]));
}

function errorOf(error, inner) {
  const own = Object.keys(error).filter((key) => !['name', 'message', 'stack'].includes(key));
  return { name: error.name, message: error.message, props: Object.fromEntries(own.map((key) => [key, inner(error[key])])) };
}

function decode(value) {
  if (Array.isArray(value)) return value.map(decode);
  if (value === null || typeof value !== 'object') return value;
  const [[key, one] = []] = Object.entries(value);
  switch (key) {
    case '$undefined': return undefined;
    case '$number': return Number(one);
    case '$bigint': return BigInt(one);
    case '$date': return new Date(one);
    case '$set': return new Set(one.map(decode));
    case '$map': return new Map(one.map(([k, v]) => [decode(k), decode(v)]));
    case '$buffer': return Buffer.from(one, 'base64');
    case '$error': return Object.assign(new Error(one.message), decode(one.props));
    case '$response': return Response.json(decode(one.json), { status: one.status });
    case '$new': return instance(one);
    case '$given': return givens.get(one);
    case '$json': return JSON.stringify(decode(one));
  }
  return Object.fromEntries(Object.entries(value).map(([name, own]) => [name, decode(own)]));
}

/** The same value without objects that learn: what the code that gets it sees of it. `read` as in `encode`. */
function seen(value, read, depth = 0) {
  if (value === null || typeof value !== 'object' || depth > DEEPEST || origins.has(value)) return value;
  const inner = (one) => seen(one, read, depth + 1);
  const keys = read(value) ?? (isRecord(value) ? Object.keys(value) : null);
  if (keys) return Object.fromEntries(keys.map((key) => [key, inner(value[key])]));
  if (Array.isArray(value)) return value.map(inner);
  if (value instanceof Set) return new Set([...value].map(inner));
  return value instanceof Map ? new Map([...value].map((pair) => pair.map(inner))) : value;
}

function isRecord(value) {
  if (isProxy(value)) return false;
  const proto = Object.getPrototypeOf(value);
  return proto === null || Object.getPrototypeOf(proto) === null;
}

function isOpaque(value) {
  return JSON.stringify(value).includes('{"$opaque"');
}

/** A function can be recognised when it comes out, but not be put in. */
function hasFunction(value) {
  return JSON.stringify(value).includes('{"$function"');
}

module.exports = { encode, decode, errorOf, seen, isOpaque, hasFunction, instance, classes, hand, SOMETHING };
