'use strict';
// What a request may contain, as JSON schemas: made from types, and from zod schemas as they are written. Reads only.
// A schema here says `isOptional` of a property itself, besides what JSON Schema knows.

const { fold } = require('./constants.cjs');

const FORMATS = {
  email: 'email', url: 'uri', uuid: 'uuid', uuidv4: 'uuid', guid: 'uuid', datetime: 'date-time', date: 'date', ipv4: 'ipv4', cuid: 'cuid', ulid: 'ulid',
};
const BOUNDS = {
  min: 'minimum', gte: 'minimum', max: 'maximum', lte: 'maximum', gt: 'exclusiveMinimum', lt: 'exclusiveMaximum',
};

/** The schema of what a type tree allows. */
function schemaOfTree(tree) {
  switch (tree.k) {
    case 'string': case 'number': case 'boolean': return { type: tree.k };
    case 'date': return { type: 'string', format: 'date-time' };
    case 'literal': return { enum: [tree.v] };
    case 'array': case 'set': return { type: 'array', items: schemaOfTree(tree.of) };
    case 'record': return { type: 'object', additionalProperties: schemaOfTree(tree.of) };
    case 'object': return objectOf(Object.entries(tree.props).map(([name, { t, optional }]) => {
      const own = schemaOfTree(t);
      return [name, optional ? { ...own, isOptional: true } : own];
    }));
    case 'union': return schemaOfUnion(tree);
    default: return {};
  }
}

function schemaOfUnion({ of }) {
  const isAbsent = ({ k }) => k === 'undefined' || k === 'null';
  const present = of.filter((one) => !isAbsent(one));
  const own = present.length > 1 && present.every(({ k }) => k === 'literal') ? { enum: present.map(({ v }) => v) } : schemaOfTree(present[0] ?? { k: 'any' });
  return {
    ...own,
    ...(of.some(({ k }) => k === 'null') ? { isNullable: true } : {}),
    ...(of.some(({ k }) => k === 'undefined') ? { isOptional: true } : {}),
  };
}

function objectOf(entries, rest = {}) {
  const properties = Object.fromEntries(entries);
  return { type: 'object', properties, required: Object.keys(properties).filter((name) => !properties[name].isOptional), ...rest };
}

/** The schema that a zod expression makes, null if it is none. */
function schemaOfZod(look, node, depth = 0) {
  const { ts } = look;
  if (!node || depth > 12) return null;
  const next = (one) => schemaOfZod(look, one, depth + 1);
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node)) return next(node.expression);
  if (ts.isIdentifier(node)) return next(initializerOf(look, node));
  if (ts.isPropertyAccessExpression(node) && node.name.text === 'shape') return next(node.expression);
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return null;
  const { expression: from, name } = node.expression;
  if (/^z(od)?(\.(coerce|iso))?$/.test(from.getText())) return made(look, name.text, node.arguments, next);
  const inner = next(from);
  return inner && changed(look, inner, name.text, node.arguments, next);
}

function initializerOf({ ts, checker }, node) {
  let symbol = checker.getSymbolAtLocation(node);
  if (symbol && symbol.flags & ts.SymbolFlags.Alias) symbol = checker.getAliasedSymbol(symbol);
  return symbol?.valueDeclaration?.initializer;
}

function made(look, name, args, next) {
  const { ts } = look;
  const [first, second] = args;
  if (FORMATS[name]) return { type: 'string', format: FORMATS[name] };
  switch (name) {
    case 'string': case 'number': case 'boolean': return { type: name };
    case 'int': return { type: 'integer' };
    case 'literal': return { enum: [fold(look, first)] };
    case 'enum': case 'nativeEnum': return { enum: membersOf(look, first) };
    case 'array': return { type: 'array', items: next(first) ?? {} };
    case 'record': return { type: 'object', additionalProperties: next(second ?? first) ?? {} };
    case 'optional': return { ...next(first), isOptional: true };
    case 'nullable': return { ...next(first), isNullable: true };
    case 'union': case 'discriminatedUnion': {
      const list = args.find(ts.isArrayLiteralExpression);
      return next(list?.elements[0]) ?? {};
    }
    case 'object': return propertiesOf(look, first, next);
    case 'strictObject': return { ...propertiesOf(look, first, next), additionalProperties: false };
    case 'looseObject': return propertiesOf(look, first, next);
    case 'preprocess': return next(second) ?? {};
    default: return {};
  }
}

function membersOf(look, node) {
  const { ts, checker } = look;
  const type = node && checker.getTypeAtLocation(node);
  const list = node && (ts.isArrayLiteralExpression(node) ? node : initializerOf(look, node));
  const bare = list && (ts.isAsExpression(list) ? list.expression : list);
  if (bare && ts.isArrayLiteralExpression(bare)) return bare.elements.map((one) => fold(look, one)).filter((one) => one !== undefined);
  return (type?.getProperties() ?? []).map((one) => checker.getTypeOfSymbolAtLocation(one, node).value ?? one.getName());
}

function propertiesOf({ ts }, node, next) {
  if (!node || !ts.isObjectLiteralExpression(node)) return next(node) ?? objectOf([]);
  const entries = node.properties.filter((one) => one.name && (ts.isPropertyAssignment(one) || ts.isShorthandPropertyAssignment(one)));
  return objectOf(entries.map((one) => [one.name.text, next(ts.isPropertyAssignment(one) ? one.initializer : one.name) ?? {}]));
}

function changed(look, inner, name, args, next) {
  const value = args[0] && fold(look, args[0]);
  if (FORMATS[name]) return { ...inner, format: FORMATS[name] };
  if (BOUNDS[name] || name === 'length') return bounded(inner, name, value);
  switch (name) {
    case 'int': return { ...inner, type: 'integer' };
    case 'positive': return { ...inner, minimum: 1 };
    case 'nonnegative': return { ...inner, minimum: 0 };
    case 'nonempty': return bounded(inner, 'min', 1);
    case 'regex': return { ...inner, pattern: args[0].getText().replace(/^\/(.*)\/\w*$/s, '$1') };
    case 'optional': case 'default': case 'catch': return { ...inner, isOptional: true };
    case 'nullable': return { ...inner, isNullable: true };
    case 'nullish': return { ...inner, isOptional: true, isNullable: true };
    case 'array': return { type: 'array', items: inner };
    case 'strict': return { ...inner, additionalProperties: false };
    case 'partial': return objectOf(Object.entries(inner.properties ?? {}).map(([key, own]) => [key, { ...own, isOptional: true }]));
    case 'extend': case 'merge': case 'safeExtend': {
      const more = propertiesOf(look, args[0], next);
      return objectOf(Object.entries({ ...inner.properties, ...more.properties }));
    }
    case 'pick': case 'omit': return picked(inner, namesIn(look, args[0]), name === 'pick');
    default: return inner;
  }
}

function bounded(inner, name, value) {
  if (typeof value !== 'number') return inner;
  const kind = inner.type === 'string' ? 'Length' : inner.type === 'array' ? 'Items' : null;
  if (!kind) return { ...inner, [BOUNDS[name] ?? 'minimum']: value };
  return { ...inner, ...(name === 'max' ? {} : { [`min${kind}`]: value }), ...(name === 'min' ? {} : { [`max${kind}`]: value }) };
}

function namesIn({ ts }, node) {
  return node && ts.isObjectLiteralExpression(node) ? node.properties.map((one) => one.name?.getText()) : [];
}

function picked(inner, names, isPick) {
  return objectOf(Object.entries(inner.properties ?? {}).filter(([name]) => names.includes(name) === isPick));
}

module.exports = { schemaOfTree, schemaOfZod };
