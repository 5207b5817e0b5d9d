'use strict';
// Makes values from type trees. Every decision has a path and alternatives; a case is the decisions that differ from
// the first alternatives. Objects learn: a property is decided when it is first read.

const { headerOf } = require('./headers.cjs');
const { encode, instance, seen } = require('./values.cjs');

const NOW = Date.parse('2025-06-01T12:00:00.000Z');
const DAY = 86_400_000;
const MOST = 28;
const STATUSES = [400, 404, 500];

const WORDS = [
  [/redis.?ur[li]/i, 'redis://localhost:6379'], [/(database|postgres|db).?ur[li]|connection.?string/i, 'postgres://localhost:5432/app'], [/mongo.?ur[li]/i, 'mongodb://localhost/app'],
  [/e-?mail|address/i, 'ada@example.com'], [/pass/i, 'sturdy-horse-42'], [/url|uri|link/i, 'http://service.test'], [/slug/i, 'night-owls'],
  [/(display|full|user|first|last).?name|author$/i, 'Ada Lovelace'], [/name|title/i, 'Night Owls'], [/phone/i, '+15550100'],
  [/(text|body|message|content|description|bio|reason|comment|preview)/i, 'Shall we meet at nine?'], [/(token|code|key|secret|hash)/i, 'token-1'],
  [/(query|term|search|needle|^q$)/i, 'night'], [/(date|At|time|since|until)$/, '2025-05-31T12:00:00.000Z'], [/role/i, 'member'],
];

/** Variables of an environment by name: a value that is right, and what else it may be. */
const VARIABLES = [
  [/DATABASE|POSTGRES|PG_?URL|DB_URL/, ['postgres://localhost:5432/app', 'text']], [/REDIS/, ['redis://localhost:6379', 'text']], [/MONGO/, ['mongodb://localhost/app', 'text']],
  [/URL|URI|ENDPOINT|ORIGIN/, ['http://service.test', 'text', 'https://service.test//']],
  [/PORT$|LIMIT|MAX|MIN|SIZE|COUNT|TIMEOUT|TTL|SECONDS|_MS|ROUNDS|DAYS|INTERVAL|_PER_/, ['100', 'text', '0', '1', '-1', '1.5', '65535', '65536']],
  [/SECRET|KEY|TOKEN|PASSWORD|SALT/, ['sturdy-horse-42-sturdy-horse-42-42', 'short']], [/NODE_ENV|^ENV|_ENV$|STAGE|LEVEL|MODE/, []],
  [/ENABLE|DEBUG|^IS_|^USE_|VERBOSE/, ['true', 'false', '1', '0']], [/HOST/, ['localhost']],
];

class Draws {
  constructor(model, choices, pool = {}) {
    this.hints = model.hints;
    this.known = model.errors ?? [];
    this.choices = choices;
    this.pool = pool;
    this.points = [];
    this.ids = [];
    this.texts = [];
    this.isQuiet = false;
    this.isWrong = false;
    this.learning = new WeakMap();
  }

  /** Return one of `alternatives`, each [label, make] or [label, make, 'wrong']; remember that there was a choice. */
  choose(path, alternatives) {
    const some = alternatives.slice(0, MOST);
    const index = Math.min(this.choices[path] ?? 0, some.length - 1);
    if (!this.isQuiet && some.length > 1) this.points.push({ path, labels: some.map(([label]) => label), index });
    this.isWrong ||= !this.isQuiet && Boolean(some[index][2]);
    return some[index][1]();
  }

  draw(path, tree, name) {
    return this.choose(path, this.alternatives(path, tree, name));
  }

  /** Do something that reads everything without deciding anything. */
  quietly(work) {
    const was = this.isQuiet;
    this.isQuiet = true;
    try {
      return work();
    } finally {
      this.isQuiet = was;
    }
  }

  /** Return a value as JSON: `whole` with all that its type has, else with what has been read of it. */
  encode(value, whole) {
    return this.quietly(() => encode(value, (one) => this.learning.get(one)?.(whole) ?? null));
  }

  /** Return a value as whoever gets it sees it. */
  seen(value) {
    return this.quietly(() => seen(value, (one) => this.learning.get(one)?.(true) ?? null));
  }

  alternatives(path, tree, name) {
    const one = (label, value) => [label, () => value];
    switch (tree.k) {
      case 'literal': return [one(show(tree.v), tree.v)];
      case 'null': return [one('null', null)];
      case 'undefined': return [one('undefined', undefined)];
      case 'boolean': return [one('false', false), one('true', true)];
      case 'number': return unique(this.numbers(name)).map((value) => one(show(value), value));
      case 'string': return unique(this.strings(name, path)).map((value) => one(show(value), value)).map(([label, make]) => [label, () => this.heard(name, make())]);
      case 'date': return unique(this.dates()).map((time) => [new Date(time).toISOString(), () => new Date(time)]);
      case 'union': return this.unionOf(path, tree, name);
      case 'array': case 'set': return this.lists(path, tree, name);
      case 'tuple': return [['a tuple', () => tree.of.map((own, index) => this.draw(`${path}[${index}]`, own, name))]];
      case 'object': return [['an object', () => this.object(path, tree)]];
      case 'record': return [['a record', () => this.record(path, tree)]];
      case 'map': return [['a map', () => new Map([[this.draw(`${path}.key`, tree.key, 'key'), this.draw(`${path}.value`, tree.of, name)]])], ['an empty map', () => new Map()]];
      case 'promise': return this.alternatives(path, tree.of, name);
      case 'buffer': return [['bytes', () => Buffer.from('bytes')], ['no bytes', () => Buffer.alloc(0)]];
      case 'error': return this.errors();
      case 'environment': return [['an environment', () => this.environment(path, tree)]];
      case 'brief': return this.brief(path, tree, name);
      case 'headers': return [['headers', () => this.headers(path)]];
      case 'any': return [...(/err|cause|exception/i.test(name) ? this.errors() : []), one('text', 'text'), one('null', null), one('undefined', undefined), ['an object', () => this.record(path, { of: { k: 'any' } })], one('1', 1), ['an empty list', () => []], ...unique(this.guesses(name)).map((value) => one(show(value), value))];
      default: return [[tree.k, () => (tree.k === 'function' ? () => undefined : Object.create({ constructor: { name: tree.text ?? tree.k } }))]];
    }
  }

  unionOf(path, tree, name) {
    const turn = isEnum(tree) ? Number(path.match(/\[(\d+)\][^[]*$/)?.[1] ?? 0) % tree.of.length : 0;
    // Items of a list differ in kind, so that a list is more than one row many times.
    const each = [...tree.of.slice(turn), ...tree.of.slice(0, turn)].map((one) => this.alternatives(path, one, name));
    // The first of each member before the second of any, so that null comes early.
    return [...each.map(([first]) => first), ...each.flatMap((own) => own.slice(1))];
  }

  lists(path, tree, name) {
    const make = (count) => () => {
      const made = Array.from({ length: count }, (_, index) => this.draw(`${path}[${index}]`, tree.of, singular(name) + (index ? `#${index + 1}` : '')));
      return tree.k === 'set' ? new Set(made) : made;
    };
    const sizes = unique([1, 0, 2, 3, ...this.hints.lengths.flatMap((size) => [size, size + 1]), ...this.hints.numbers.flatMap((size) => [size, size + 1])]);
    return sizes.filter((size) => Number.isInteger(size) && size >= 0 && size <= 12).map((size) => [size === 0 ? 'an empty list' : `${size} of them`, make(size)]);
  }

  object(path, tree) {
    const owner = tree.name.replace(/(Row|Entity|Model|Dto|Input|Type)$/, '').toLowerCase();
    const decide = (key) => {
      const { t, optional } = tree.props[key];
      const name = key === 'id' && owner ? `${owner}Id` : key;
      const made = () => this.alternatives(`${path}.${key}`, t, name + (path.match(/\[([1-9])\]$/) ? `#${Number(RegExp.$1) + 1}` : ''));
      return this.choose(`${path}.${key}`, optional ? [['omitted', () => undefined], ...made().filter(([label]) => label !== 'undefined')] : made());
    };
    return this.learn(Object.keys(tree.props), decide, (key) => tree.isPartial || tree.props[key].optional);
  }

  record(path, tree) {
    const decide = (key) => this.choose(`${path}.${key}`, [...this.alternatives(`${path}.${key}`, tree.of, key), ['missing', () => undefined]]);
    return this.learn(null, decide, () => true);
  }

  /** What a schema promises: one right value, or all members of an enumeration; and none, which may be wrong. */
  brief(path, { of, isNullable, isKnown }, name) {
    const all = this.alternatives(path, of, name);
    const some = of.k === 'union' ? all : all.slice(0, 1);
    return isKnown ? all.slice(0, 1) : [...some, ['null', () => null, ...(isNullable ? [] : ['wrong'])]];
  }

  /** The headers that the target reads: each has its usual value at first. */
  headers(path) {
    const { isAnonymous } = this;
    const decide = (key) => (isAnonymous ? undefined : this.choose(`${path}.${key}`, headerOf(this, key)));
    return this.learn(this.hints.headers, decide, () => false);
  }

  /** An object of which some members stand for services: `make(member)` returns those. */
  members(path, members, make) {
    const decide = (key) => {
      const one = members.find(({ name }) => name === key);
      if (one.shape) return make(one);
      const own = this.alternatives(`${path}.${key}`, one.type, key).filter(([label]) => !one.optional || label !== 'undefined');
      return this.choose(`${path}.${key}`, one.optional ? [...own, ['omitted', () => undefined]] : own);
    };
    return this.learn(members.map(({ name }) => name), decide, (key) => members.find(({ name }) => name === key).optional);
  }

  /** Variables of a process: all that are named have a value at first, and each can be missing or wrong. */
  environment(path, { names }) {
    const decide = (key) => this.choose(`${path}${key}`, [...this.alternatives(`${path}${key}`, { k: 'string' }, key), ['missing', () => undefined]]);
    return this.learn(names, decide, () => true);
  }

  /** Variables of a process that a case sets where they are read: none at first. */
  overrides(path, names) {
    const decide = (key) => this.choose(`${path}${key}`, [['as it is', () => undefined], ...this.alternatives(`${path}${key}`, { k: 'string' }, key)]);
    return this.learn(names, decide, () => true);
  }

  /** Errors of every sort that the target can tell apart. */
  errors() {
    const codes = (this.hints.compared.code ?? []).map((code) => [`an error with code ${code}`, () => Object.assign(new Error('it broke'), { code })]);
    const own = this.known.map((spec) => [`${/^[AEIOU]/.test(spec.name) ? 'an' : 'a'} ${spec.name}`, () => this.errorOf(spec)]);
    const statuses = STATUSES.map((statusCode) => [`an error with status ${statusCode}`, () => Object.assign(new Error('it broke'), { statusCode })]);
    const invalid = ['an error of validation', () => Object.assign(new Error('body must be object'), { validation: [{ keyword: 'type', message: 'must be object' }], statusCode: 400 })];
    return [['an error', () => new Error('it broke')], ...own, ...codes, ...statuses, invalid, ['text', () => 'it broke']];
  }

  errorOf({ name, file, specifier, params }) {
    const made = params.map((one) => this.encode(this.argument(`error:${name}.${one.name}`, one.type, one.name), true));
    while (made.length && made[made.length - 1]?.$undefined) made.pop();
    return instance({ name, file, specifier, args: made });
  }

  /** What an error is made of: its status is tried, and what it can do without; the rest hardly matters. */
  argument(path, tree, name) {
    if (tree.k === 'number' && /status/i.test(name)) return this.choose(path, STATUSES.map((one) => [String(one), () => one]));
    const usual = () => this.quietly(() => this.draw(path, tree, name));
    const canMiss = tree.k === 'union' && tree.of.some(({ k }) => k === 'undefined');
    return canMiss ? this.choose(path, [['given', usual], ['undefined', () => undefined]]) : usual();
  }

  /** An object whose properties are decided when they are first looked at. `keys` null: it may have any. */
  learn(keys, decide, isOptional) {
    const known = new Map();
    const settle = (key) => {
      if (!known.has(key)) known.set(key, decide(key));
      return known.get(key);
    };
    const has = (key) => typeof key === 'string' && (keys ? keys.includes(key) : !['then', 'toJSON', 'toString', 'valueOf', 'constructor', 'length'].includes(key));
    const present = () => (keys ?? (known.size ? [...known.keys()] : ['first'])).filter((key) => settle(key) !== undefined);
    const proxy = new Proxy({}, {
      get: (own, key) => (has(key) ? settle(key) : own[key]),
      set: (_, key, value) => Boolean(known.set(key, value)),
      has: (_, key) => has(key) && settle(key) !== undefined,
      deleteProperty: (_, key) => Boolean(known.set(key, undefined)),
      ownKeys: present,
      getOwnPropertyDescriptor: (_, key) => (has(key) && settle(key) !== undefined ? { value: settle(key), enumerable: true, configurable: true, writable: true } : undefined),
    });
    this.learning.set(proxy, (whole) => {
      if (!whole) return (keys ?? [...known.keys()]).filter((key) => known.get(key) !== undefined);
      return keys ? keys.filter((key) => (isOptional(key) && !known.has(key) ? false : settle(key) !== undefined)) : [...known.keys()].filter((key) => known.get(key) !== undefined);
    });
    return proxy;
  }

  // --- plain values ----------------------------------------------------------------------------------------------

  numbers(name) {
    const around = this.hints.numbers.flatMap((value) => [value, value - 1, value + 1]);
    const first = /hour/i.test(name) ? 12 : /status/i.test(name) ? 200 : 1;
    return [first, 0, ...around, -1, 1.5];
  }

  dates() {
    return [NOW - DAY, NOW, ...this.hints.ages.flatMap((age) => [NOW - age - DAY, NOW - age, NOW - age - 1, NOW - age + 1]), NOW + DAY];
  }

  strings(name, path) {
    const [plain, number] = name.split('#');
    const compared = Object.hasOwn(this.hints.compared, plain) ? this.hints.compared[plain] : [];
    if (/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/.test(plain) && plain.length > 2) return this.variable(plain, compared);
    if (isId(plain)) {
      const base = `${kebab(plain.replace(/_?ids?$/i, '')) || 'id'}-${number ?? 1}`;
      return [base, ...this.ids, 'other-1', ''];
    }
    if (/(count|total|amount)$/i.test(plain)) return ['1', '0', ...this.hints.numbers.flatMap((one) => [one, one - 1, one + 1]).filter((one) => one >= 0).map(String)];
    const known = WORDS.find(([pattern]) => pattern.test(plain));
    const base = (known ? known[1] : kebab(plain) || 'text') + (number ? ` ${number}` : '');
    const sized = this.hints.lengths.flatMap((size) => [size, size - 1, size + 1]).filter((size) => size > 0 && size < 20_000).map((size) => base.repeat(Math.ceil(size / base.length)).slice(0, size));
    const near = this.texts.filter((text) => text.length < 60).flatMap((text) => [text, `${text.split('@')[0]}-4711-and-more`, `more ${text}`, `over${text}`]);
    const learned = Object.entries(this.pool).filter(([from]) => from.split(/(?=[A-Z])/).some((word) => word.length > 3 && (plain.toLowerCase().includes(word.toLowerCase()) || /stored|hash/i.test(plain)))).map(([, value]) => value);
    const parsed = path.startsWith('reply') && !path.includes('.parsed') ? this.hints.parsed.map((tree) => this.quietly(() => JSON.stringify(this.encode(this.draw(`${path}.parsed`, tree, 'item'), true)))) : [];
    const numeric = path.startsWith('reply') ? this.hints.numbers.filter((one) => one > 0).map(String) : [];
    return [base, ...compared, ...learned, ...parsed, ...sized, '', ...this.hints.words, ...this.hints.strings.filter((one) => !compared.includes(one)), ...near, ` ${base}  ${base} `, base.toUpperCase(), ...numeric];
  }

  /** What something without a type is compared with: what the code names, and what was put in beside it. */
  guesses(name) {
    const plain = name.replace(/#.*$/, '');
    const texts = Object.hasOwn(this.hints.compared, plain) ? this.hints.compared[plain] : [];
    return [...texts, ...this.hints.numbers.flatMap((value) => [value, value + 1]), ...this.texts];
  }

  /** What a variable of the environment may be: always text. */
  variable(name, compared) {
    const [, usual = []] = VARIABLES.find(([pattern]) => pattern.test(name)) ?? [null, [kebab(name)]];
    const words = usual.length ? compared : [...compared, ...[...this.hints.words, ...this.hints.strings].filter((one) => /^[a-z]+$/.test(one)), 'something-else'];
    const numbers = usual[0] === '100' ? this.hints.numbers.filter((one) => one > 1).flatMap((one) => [one, one + 1, one - 1]).map(String) : [];
    return [...usual, ...words, ...numbers, '', ` ${usual[0] ?? words[0]} `];
  }

  heard(name, value) {
    if (!this.isQuiet && typeof value === 'string') (isId(name.split('#')[0]) ? this.ids : this.texts).push(value);
    return value;
  }
}

function isEnum(tree) {
  return tree.of.every((one) => one.k === 'literal');
}

function isId(name) {
  return /(^id|Id|_id|ID|Ids|_ids)$/.test(name);
}

function kebab(name) {
  return name.replace(/([a-z])([A-Z])/g, '$1-$2').replace(/_/g, '-').toLowerCase();
}

function singular(name) {
  return name.replace(/ies$/, 'y').replace(/s$/, '');
}

function unique(list) {
  return [...new Set(list)];
}

function show(value) {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 40 ? `${typeof value === 'string' ? `text of ${value.length} characters` : text.slice(0, 37)}` : text;
}

module.exports = { Draws, NOW };
