'use strict';
// Arguments through which a function gets what it depends on: a service itself, or an object such as the context of a
// resolver that holds services beside plain values. Reads; never runs project code.

const { treeOf } = require('../types.cjs');
const { shapeOf } = require('./shapes.cjs');

const DEEPEST = 3;

/**
 * How an argument is made, null for one that is nothing but a value:
 * {shape: 'given', given: NAME, double | members} for what is replaced, {shape: 'members', members} for an object in
 * which something is.
 */
function givenOf(look, type, at, name, depth = 0) {
  const { ts, checker } = look;
  const own = checker.getNonNullableType(type);
  const { shape, isSync } = shapeOf(look, own, at);
  const isMixed = shape === 'object' && isStructure(look, own) && holdsData(look, own, at);
  const isReplaced = shape === 'object' ? isService(own) && !isMixed : shape === 'query' || (shape === 'function' && depth > 0);
  if (isReplaced) return { shape: 'given', given: name, double: { shape, isSync, local: name } };
  if ((shape !== 'value' && !isMixed) || depth >= DEEPEST || !isStructure(look, own)) return null;
  const members = own.getProperties().map((one) => {
    const inner = checker.getTypeOfSymbolAtLocation(one, at);
    const optional = Boolean(one.flags & ts.SymbolFlags.Optional);
    const given = givenOf(look, inner, at, one.getName(), depth + 1);
    return { name: one.getName(), optional, ...(given ?? { type: treeOf(ts, checker, inner, at) }) };
  });
  if (!members.some(({ shape: inner }) => inner)) return null;
  return members.every(({ shape: inner }) => inner === 'given') ? { shape: 'given', given: name, members } : { shape: 'members', members };
}

/** Whether something with methods is no class and has more than methods, such as a context with a clock. */
function holdsData({ ts, checker }, type, at) {
  const isClass = (type.symbol?.declarations ?? []).some(ts.isClassDeclaration);
  return !isClass && isService(type) && type.getProperties().some((one) => !checker.getTypeOfSymbolAtLocation(one, at).getCallSignatures().length);
}

/** Something with methods that the project or a package declares; not what the language and its runtime have. */
function isService(type) {
  const declared = type.symbol?.declarations ?? type.aliasSymbol?.declarations ?? [];
  return declared.some((one) => {
    return !/\/node_modules\/(typescript|@types\/node|graphql)\//.test(one.getSourceFile().fileName);
  });
}

function isStructure({ ts, checker }, type) {
  return Boolean(type.flags & ts.TypeFlags.Object) && !checker.isArrayType(type) && !checker.isTupleType(type) && !type.getCallSignatures().length && type.getProperties().length > 0 && type.getProperties().length <= 40;
}

/** All that is replaced, by the name under which a test gets it. */
function givensIn(functions) {
  const found = {};
  const visit = (one) => {
    if (one.shape === 'given') {
      const known = found[one.given]?.members ?? [];
      const fresh = (one.members ?? []).filter(({ name }) => !known.some((own) => own.name === name));
      found[one.given] = one.members ? { members: [...known, ...fresh] } : { double: one.double };
    } else (one.members ?? []).forEach(visit);
  };
  functions.flatMap(({ params }) => params).forEach(visit);
  return found;
}

module.exports = { givenOf, givensIn };
