'use strict';
// Queries and mutations of a GraphQL schema: each root field is asked for all that it has, with variables that are right
// and wrong. Its resolvers are the project's own with services that answer from a script, or answer from it themselves.

const { fieldsOf } = require('../inputs.cjs');
const { executable, packageOf, rootsOf } = require('../graphql.cjs');
const { answersOf, operationOf } = require('../operations.cjs');
const { EVERYWHERE, failuresIn } = require('../server.cjs');

async function subjects(request, discover) {
  const own = request.model.graphql;
  if (!own?.isExecutable) return [];
  return discover(({ load }) => {
    const known = new Set();
    const schema = executable(request, load());
    return rootsOf(schema).flatMap(({ kind, type }, number) => Object.values(type.getFields()).map((field, index) => ({
      isFirst: !number && !index,
      fn: `${kind} ${field.name}`, path: `resolvers.${type.name}.${field.name}`, field: field.name,
      operation: operationOf(request.root, kind, field), answer: own.isScripted ? answersOf(request.root, field.type, known) : null,
    })));
  });
}

async function act({ request, subject, outside, give, load }) {
  const { root, model: { graphql: own } } = request;
  const loaded = load();
  const schema = executable(request, loaded);
  if (own.isScripted) script(schema, outside, subject);
  const variableValues = give.input('variables', (draws) => fieldsOf(draws, 'variables:', subject.operation.variables));
  const contextValue = await contextOf(subject, own, loaded, give);
  give.input('steps', () => outside.asked);
  const result = await packageOf(root).graphql({ schema, source: subject.operation.source, variableValues, contextValue });
  return received(result);
}

/** Root fields that answer from the script, so that what the schema itself does with the answer is seen. */
function script(schema, outside, { path, answer }) {
  for (const { type } of rootsOf(schema)) {
    for (const field of Object.values(type.getFields())) {
      const name = `resolvers.${type.name}.${field.name}`;
      field.resolve = (_root, args) => outside.ask(name, [{ ...args }], name === path ? answer : { k: 'any' });
    }
  }
}

/** The context of an operation; what the project's own function does with requests of all sorts is tried only once. */
function contextOf({ isFirst }, { context, factory }, loaded, give) {
  if (!factory) return context ? give.args([context])[0] : undefined;
  const make = () => loaded.contextFactory(...give.args(factory.params));
  const isAnonymous = give.input('isAnonymous', (draws) => draws.choose('auth:', [['somebody', () => false], ['nobody', () => true]]));
  return isFirst && !isAnonymous ? make() : give.plainly(isAnonymous, make);
}

/** A result as a client gets it. */
function received({ data, errors }) {
  const told = errors?.map(({ message, path, extensions }) => ({ message, path, extensions: Object.keys(extensions ?? {}).length ? extensions : undefined }));
  return JSON.parse(JSON.stringify({ data, errors: told }));
}

/** Same errors at the same places; of a schema alone also what is absent, and members of enumerations. */
function outcome({ value, script: asked, operation, answer, error, inputs: { variables } }, heard) {
  if (error) return `${EVERYWHERE} no context: ${failuresIn(asked).length ? 'after a failure' : error.message} ${error.name}`;
  if (!value.errors) return `answers ${answer ? [shapeOf(value.data, operation.members), givenOf(variables, operation)].join(' ') : kindOf(Object.values(value.data)[0])}`;
  if (failuresIn(asked).length) return `fails after a failure: ${value.errors[0].extensions?.code ?? ''}`;
  const told = value.errors.map(({ message, path }) => `${message} ${path ?? ''}`).join().replace(/\d+/g, '0');
  return `fails: ${heard.filter((one) => one.length > 3).reduce((text, one) => text.replaceAll(one.replace(/\d+/g, '0'), ''), told)}`;
}

function kindOf(answer) {
  if (Array.isArray(answer)) return answer.length ? 'a list' : 'an empty list';
  return answer === null ? 'null' : typeof answer === 'boolean' ? String(answer) : typeof answer;
}

/** What matters of variables to a schema: which there are, members of enumerations, and where a default takes their place. */
function givenOf(variables, { members, defaults }) {
  const missing = Object.keys(defaults).filter((name) => variables[name] === undefined);
  return JSON.stringify([Object.keys(variables).sort(), shapeOf(variables, members), missing]);
}

function shapeOf(data, members, path = '') {
  if (data === null) return [`${path}=null`];
  if (typeof data === 'string') return members.includes(data) ? [`${path}=${data}`] : [];
  if (typeof data !== 'object') return [];
  if (Array.isArray(data) && !data.length) return [`${path}=[]`];
  return Object.entries(data).flatMap(([key, one]) => shapeOf(one, members, Array.isArray(data) ? path : `${path}.${key}`));
}

/** What is refused for one reason needs no second one; to a schema alone, no part depends on another. */
function isDeadEnd({ value, isWrong, answer, choices }) {
  return !value || Boolean((isWrong && value.errors) || (answer && choices.length));
}

function suspicion({ model }, { fn, value, script: asked, isWrong }) {
  const broken = value?.errors?.find(({ message }) => /^Cannot return null for non-nullable/.test(message));
  if (!broken || isWrong || model.graphql.isScripted || failuresIn(asked).length) return null;
  return `${fn}: promises ${broken.path.join('.')}, and has none`;
}

module.exports = { subjects, act, outcome, isDeadEnd, suspicion };
