'use strict';
// Values that a JSON schema describes, and values that it forbids, as decisions of a search.
// The first alternative is right and has everything; what breaks the schema is marked as wrong.

const UUID = '00000000-0000-4000-8000-00000000000';
const VALID = {
  email: 'ada@example.com', uri: 'https://example.com', url: 'https://example.com', 'date-time': '2025-05-31T12:00:00.000Z', date: '2025-05-31', time: '12:00:00Z', ipv4: '192.0.2.1',
};

/** Return a value for `schema`: what is decided is remembered under `path`. `isText` where only text can be sent. */
function inputOf(draws, path, schema, name, isText = false) {
  return draws.choose(path, alternativesOf(draws, path, schema, name, isText));
}

/** The properties of an object, each decided for itself; one that is left out is no key. */
function fieldsOf(draws, path, { properties = {}, required = [] }, isText = false) {
  const made = {};
  for (const [key, own] of Object.entries(properties)) {
    const at = `${path}${path.endsWith(':') ? '' : '.'}${key}`;
    const absent = required.includes(key) ? [['missing', () => undefined, 'wrong']] : [['omitted', () => undefined]];
    const value = draws.choose(at, [...alternativesOf(draws, at, own, key, isText), ...absent]);
    if (value !== undefined) made[key] = value;
  }
  return made;
}

function alternativesOf(draws, path, schema, name, isText) {
  const all = [...plain(draws, path, withFirst(schema), name, isText), ...(schema.isNullable || schema.nullable ? [['null', () => null]] : [])];
  return [...all.filter(([, , wrong]) => !wrong), ...all.filter(([, , wrong]) => wrong)];
}

/** Of schemas that are alternatives, the first; of those that all hold, all at once. */
function withFirst(schema) {
  const some = schema.anyOf ?? schema.oneOf;
  if (some) return { ...schema, ...some.find(({ type }) => type !== 'null') };
  return schema.allOf ? schema.allOf.reduce((all, own) => ({ ...all, ...own, properties: { ...all.properties, ...own.properties }, required: [...(all.required ?? []), ...(own.required ?? [])] }), schema) : schema;
}

function plain(draws, path, schema, name, isText) {
  const members = schema.enum ?? (schema.const === undefined ? null : [schema.const]);
  if (members) return [...members.map((one) => is(one)), ['something else', () => 'something-else', 'wrong']];
  const type = Array.isArray(schema.type) ? schema.type.find((one) => one !== 'null') : schema.type ?? (schema.properties ? 'object' : undefined);
  switch (type) {
    case 'string': return texts(draws, path, schema, name, isText);
    case 'integer': case 'number': return numbers(schema, name, type === 'integer', isText);
    case 'boolean': return [is(true), is(false), ['text', () => 'text', 'wrong']].map((one) => written(one, isText));
    case 'array': return lists(draws, path, schema, name, isText);
    case 'object': return objects(draws, path, schema, name);
    default: return draws.alternatives(path, { k: 'string' }, name).slice(0, 6);
  }
}

function is(value, wrong) {
  return [String(value).length > 40 ? `text of ${value.length} characters` : JSON.stringify(value), () => value, wrong];
}

function written([label, make, wrong], isText) {
  return isText ? [label, () => String(make()), wrong] : [label, make, wrong];
}

function texts(draws, path, { format, minLength = 0, maxLength = Infinity, pattern }, name, isText) {
  const number = Number(path.match(/\[(\d)\][^[]*$/)?.[1] ?? 0) + 1;
  const fits = pattern && new RegExp(pattern, 'u');
  const usual = draws.strings(name, path);
  const base = format === 'uuid' ? `${UUID}${number}` : VALID[format] ?? (fits ? fitting(fits, usual) : sized(usual[0], minLength, maxLength));
  const right = [is(base), ...(format || fits ? [] : usual.slice(1, 4).filter((one) => one.length >= minLength && one.length <= maxLength).map((one) => is(one)))];
  const bounds = format || fits ? [] : [minLength, maxLength].filter((size) => size > 0 && size < 20_000);
  return [
    ...right.map(([label, make]) => [label, () => draws.heard(name, make())]),
    ...bounds.map((size) => is(sized(base, size, size))),
    ...bounds.map((size) => (size === minLength ? size - 1 : size + 1)).map((size) => is(size ? sized(base, size, size) : '', 'wrong')),
    ...(format ? [is(`not-${/^[aeio]/.test(format) ? 'an' : 'a'}-${format}`, 'wrong')] : []),
    ...(fits ? [is('!', 'wrong')] : []),
    ...(isText ? [] : [['an object', () => ({}), 'wrong']]),
  ];
}

function fitting(pattern, usual) {
  const more = ['abc', 'ABC', 'a-b', '1', '123', '1234', '123456', '2025-05-31', '12:00', '+15550100', 'abc123', 'Abc-1234', '#aabbcc', 'de', 'DE', 'EUR', '1.2.3'];
  return [...usual, ...more].find((one) => pattern.test(one)) ?? usual[0];
}

function sized(text, least, most) {
  const long = text.length < least ? text.repeat(Math.ceil(least / Math.max(1, text.length))).slice(0, least) : text;
  return long.length > most ? long.slice(0, most).trimEnd().padEnd(most, 'x').slice(0, most) : long;
}

function numbers({ minimum, maximum, exclusiveMinimum, exclusiveMaximum, default: usual }, name, isWhole, isText) {
  const step = isWhole ? 1 : 0.5;
  const low = minimum ?? (exclusiveMinimum === undefined ? undefined : exclusiveMinimum + step);
  const high = maximum ?? (exclusiveMaximum === undefined ? undefined : exclusiveMaximum - step);
  const first = Math.min(Math.max(typeof usual === 'number' ? usual : /limit|size|count/i.test(name) ? 10 : 1, low ?? -Infinity), high ?? Infinity);
  const right = [...new Set([first, low, high].filter((one) => one !== undefined))];
  const wrong = [...(low === undefined ? [] : [low - step]), ...(high === undefined ? [] : [high + step])];
  return [...right.map((one) => is(one)), ...wrong.map((one) => is(one, 'wrong')), ...(isWhole ? [is(1.5, 'wrong')] : []), ['text', () => 'text', 'wrong']].map((one) => written(one, isText));
}

function lists(draws, path, { items = {}, minItems = 0, maxItems = Infinity }, name, isText) {
  const make = (count) => () => Array.from({ length: count }, (_, index) => inputOf(draws, `${path}[${index}]`, items, name.replace(/s$/, ''), isText)).filter((one) => one !== undefined);
  const usual = Math.max(1, minItems);
  const sizes = [...new Set([usual, minItems, 2, ...(maxItems <= 12 ? [maxItems] : [])])].filter((size) => size >= minItems && size <= maxItems);
  const wrong = [...(minItems > 0 ? [minItems - 1] : []), ...(maxItems <= 12 ? [maxItems + 1] : [])];
  const label = (size) => (size === 0 ? 'an empty list' : `${size} of them`);
  return [...sizes.map((size) => [label(size), make(size)]), ...wrong.map((size) => [label(size), make(size), 'wrong']), ...(isText ? [] : [['text', () => 'text', 'wrong']])];
}

function objects(draws, path, schema, name) {
  if (!schema.properties && typeof schema.additionalProperties === 'object') {
    const entry = () => ({ first: inputOf(draws, `${path}.first`, schema.additionalProperties, name) });
    return [['one entry', entry], ['an empty object', () => ({})], ['text', () => 'text', 'wrong']];
  }
  const whole = () => fieldsOf(draws, path, schema);
  const least = () => Object.fromEntries(Object.entries(draws.quietly(whole)).filter(([key]) => (schema.required ?? []).includes(key)));
  const hasOptional = Object.keys(schema.properties ?? {}).some((key) => !(schema.required ?? []).includes(key));
  return [
    ['an object', whole],
    ...(hasOptional ? [['only what is required', least]] : []),
    ...(schema.additionalProperties === false ? [['an object with something unknown', () => ({ ...draws.quietly(whole), unknown: 'field' })]] : []),
    ['text', () => 'text', 'wrong'],
  ];
}

module.exports = { inputOf, fieldsOf };
