'use strict';
// The executable schema of a target: its own, or one that is made of its type definitions and resolvers. Runs inside Jest.

/** The `graphql` of the project; there must be only one. */
function packageOf(root) {
  return require(require.resolve('graphql', { paths: [root] }));
}

function executable({ root, model: { graphql: { schema, typeDefs } } }, { module, resolvers }) {
  if (schema) return module[schema];
  const { buildASTSchema, concatAST, parse } = packageOf(root);
  const documents = [module[typeDefs]].flat().map((one) => (typeof one === 'string' ? parse(one) : one));
  const made = buildASTSchema(concatAST(documents));
  for (const map of resolvers) connect(made, map);
  return made;
}

/** Give the fields of a schema what resolves them. */
function connect(schema, map) {
  for (const [name, fields] of Object.entries(map)) {
    const known = schema.getType(name)?.getFields?.() ?? {};
    for (const [field, how] of Object.entries(fields)) if (known[field]) known[field].resolve = how;
  }
}

/** The types whose fields can be asked: {kind, type}. */
function rootsOf(schema) {
  const found = [['query', schema.getQueryType()], ['mutation', schema.getMutationType()]];
  return found.filter(([, type]) => type).map(([kind, type]) => ({ kind, type }));
}

module.exports = { executable, packageOf, rootsOf };
