'use strict';
// The operation that asks a root field for all that it has, what its variables may be, and what its answer may be.
// Everything comes from the executable schema. Runs inside Jest.

const { packageOf } = require('./graphql.cjs');

const DEEPEST = 4;
const SCALARS = { Int: { type: 'integer' }, Float: { type: 'number' }, Boolean: { type: 'boolean' }, ID: { type: 'string' }, String: { type: 'string' } };
const TREES = { Int: { k: 'number' }, Float: { k: 'literal', v: 0.5 }, Boolean: { k: 'boolean' } };
const DATE = '2025-05-31T12:00:00.000Z';
const DATES = /date|time/i;

/** {source, variables: a JSON schema, defaults: values by argument, members: those of all enumerations}. */
function operationOf(root, kind, field) {
  const graphql = packageOf(root);
  const given = field.args.map(({ name }) => `${name}: $${name}`).join(', ');
  const declared = field.args.map(({ name, type }) => `$${name}: ${type}`).join(', ');
  const members = [];
  const source = `${kind}${declared && ` (${declared})`} { ${field.name}${given && `(${given})`}${selectionOf(graphql, field.type, [], members)} }`;
  const defaults = Object.fromEntries(field.args.filter(({ defaultValue }) => defaultValue !== undefined).map((one) => [one.name, one.defaultValue]));
  const variables = objectOf(graphql, field.args);
  return { source: graphql.print(graphql.parse(source)), variables, defaults, members: [...members, ...membersIn(variables)] };
}

function selectionOf(graphql, type, above, members) {
  const named = graphql.getNamedType(type);
  if (graphql.isEnumType(named)) members.push(...named.getValues().map(({ name }) => name));
  if (graphql.isLeafType(named)) return '';
  if (above.length >= DEEPEST || above.includes(named)) return null;
  if (graphql.isUnionType(named)) return ' { __typename }';
  const parts = Object.values(named.getFields()).filter(({ args }) => !args.some(graphql.isRequiredArgument)).flatMap((field) => {
    const inner = selectionOf(graphql, field.type, [...above, named], members);
    return inner === null ? [] : [`${field.name}${inner}`];
  });
  return ` { ${parts.length ? parts.join(' ') : '__typename'} }`;
}

// --- what is put in ----------------------------------------------------------------------------------------------

function objectOf(graphql, fields) {
  const properties = Object.fromEntries(fields.map(({ name, type }) => [name, schemaOf(graphql, type)]));
  return { type: 'object', properties, required: fields.filter((one) => graphql.isRequiredArgument(one)).map(({ name }) => name) };
}

function schemaOf(graphql, type) {
  if (graphql.isNonNullType(type)) return { ...schemaOf(graphql, type.ofType), isNullable: false };
  return { ...bareSchemaOf(graphql, type), isNullable: true };
}

function bareSchemaOf(graphql, type) {
  if (graphql.isListType(type)) return { type: 'array', items: schemaOf(graphql, type.ofType) };
  if (graphql.isEnumType(type)) return { enum: type.getValues().map(({ name }) => name) };
  if (graphql.isInputObjectType(type)) return objectOf(graphql, Object.values(type.getFields()));
  return SCALARS[type.name] ?? { type: 'string', ...(DATES.test(type.name) ? { format: 'date-time' } : {}) };
}

function membersIn(schema) {
  return [...(schema.enum ?? []), ...Object.values({ ...schema.properties, items: schema.items }).flatMap((one) => (one ? membersIn(one) : []))];
}

// --- what comes out ----------------------------------------------------------------------------------------------

/** What a resolver may answer, as a type tree; what was varied for another field (`known`) is not varied again. */
function answersOf(root, type, known, depth = 0, isKnown = false) {
  const graphql = packageOf(root);
  const isNullable = !graphql.isNonNullType(type);
  return { k: 'brief', of: bareTreeOf(root, isNullable ? type : type.ofType, known, depth, isKnown), isNullable, isKnown };
}

function bareTreeOf(root, type, known, depth, isKnown) {
  const graphql = packageOf(root);
  if (graphql.isListType(type)) return { k: 'array', of: answersOf(root, type.ofType, known, depth, isKnown) };
  if (graphql.isEnumType(type)) return enumOf(type, known);
  if (graphql.isObjectType(type)) return treeOf(root, type, known, depth);
  return DATES.test(type.name) ? { k: 'literal', v: DATE } : TREES[type.name] ?? { k: 'string' };
}

function enumOf(type, known) {
  const of = type.getValues().map(({ value }) => ({ k: 'literal', v: value }));
  const isKnown = known.has(type.name);
  known.add(type.name);
  return isKnown ? of[0] : { k: 'union', of };
}

function treeOf(root, type, known, depth) {
  const isKnown = known.has(type.name);
  known.add(type.name);
  const fields = depth > DEEPEST ? [] : Object.values(type.getFields());
  const props = Object.fromEntries(fields.map((field) => {
    return [field.name, { t: answersOf(root, field.type, known, depth + 1, isKnown), optional: false }];
  }));
  return { k: 'object', name: type.name, props };
}

module.exports = { operationOf, answersOf };
