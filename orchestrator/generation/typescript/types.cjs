'use strict';
// Types as small JSON trees: all that the search needs to make values, and nothing of the compiler.
// A tree is {k, ...}: string number boolean null undefined any date buffer error function response opaque,
// literal{v} array{of} set{of} map{key,of} record{of} promise{of} union{of:[]} object{name,props:{name:{t,optional}},isPartial} headers.

const DEEPEST = 5;
const REQUESTS = ['FastifyRequest', 'IncomingMessage', 'Request'];
const PLAIN = { Date: 'date', Buffer: 'buffer', Uint8Array: 'buffer', Error: 'error', Response: 'response' };

function treeOf(ts, checker, type, at, depth = 0) {
  const flags = type.flags;
  const F = ts.TypeFlags;
  if (type.isUnion() && !(flags & F.Boolean)) return unionOf(ts, checker, type, at, depth);
  if (type.isStringLiteral() || type.isNumberLiteral()) return { k: 'literal', v: type.value };
  if (flags & F.BooleanLiteral) return { k: 'literal', v: type.intrinsicName === 'true' };
  if (flags & (F.String | F.TemplateLiteral)) return { k: 'string' };
  if (flags & F.Number) return { k: 'number' };
  if (flags & F.Boolean) return { k: 'boolean' };
  if (flags & F.Null) return { k: 'null' };
  if (flags & (F.Undefined | F.Void)) return { k: 'undefined' };
  if (flags & F.TypeParameter) {
    const bound = checker.getBaseConstraintOfType(type);
    return bound && bound !== type ? treeOf(ts, checker, bound, at, depth + 1) : { k: 'any' };
  }
  if (flags & (F.Any | F.Unknown)) return { k: 'any' };
  if (flags & (F.Object | F.Intersection)) return objectOf(ts, checker, type, at, depth);
  return { k: 'opaque', text: checker.typeToString(type) };
}

function unionOf(ts, checker, type, at, depth) {
  const of = type.types.map((one) => treeOf(ts, checker, one, at, depth));
  const isTrue = (one, v) => one.k === 'literal' && one.v === v;
  if (of.some((one) => isTrue(one, true)) && of.some((one) => isTrue(one, false))) {
    const rest = of.filter((one) => !isTrue(one, true) && !isTrue(one, false));
    return rest.length ? { k: 'union', of: [{ k: 'boolean' }, ...rest] } : { k: 'boolean' };
  }
  const absent = (one) => one.k === 'null' || one.k === 'undefined';
  return { k: 'union', of: [...of.filter((one) => !absent(one)), ...of.filter(absent)] };
}

function objectOf(ts, checker, type, at, depth) {
  const name = type.symbol ? type.symbol.getName() : '';
  const argument = (index) => {
    const given = checker.getTypeArguments(type)[index];
    return given ? treeOf(ts, checker, given, at, depth + 1) : { k: 'any' };
  };
  if (PLAIN[name]) return { k: PLAIN[name] };
  if (partsOf(type).includes('IncomingHttpHeaders')) return { k: 'headers' };
  if (checker.isTupleType(type)) {
    return { k: 'tuple', of: checker.getTypeArguments(type).map((one) => treeOf(ts, checker, one, at, depth + 1)) };
  }
  if (checker.isArrayType(type)) return { k: 'array', of: argument(0) };
  if (name === 'Set' || name === 'ReadonlySet') return { k: 'set', of: argument(0) };
  if (name === 'Map' || name === 'ReadonlyMap') return { k: 'map', key: argument(0), of: argument(1) };
  if (name === 'Promise') return { k: 'promise', of: argument(0) };
  if (type.getCallSignatures().length) return { k: 'function' };
  if (depth >= DEEPEST) return { k: 'opaque', text: name };
  const index = type.getStringIndexType();
  const isRequest = partsOf(type).some((one) => REQUESTS.includes(one));
  const properties = isRequest ? type.getProperties().filter((one) => isNamed(at, one.getName())) : type.getProperties();
  if (index && !properties.length) return { k: 'record', of: treeOf(ts, checker, index, at, depth + 1) };
  if (properties.length > 60) return { k: 'opaque', text: name };
  const props = {};
  for (const property of properties) {
    const own = checker.getTypeOfSymbolAtLocation(property, at);
    const optional = Boolean(property.flags & ts.SymbolFlags.Optional);
    props[property.getName()] = { t: treeOf(ts, checker, own, at, depth + 1), optional };
  }
  return { k: 'object', ...(isRequest ? { isPartial: true } : {}), name: type.aliasSymbol ? type.aliasSymbol.getName() : name.replace('__type', ''), props };
}

/** The names of the types that a type is made of, and of those that it extends. */
function partsOf(type) {
  const based = (one) => (one.isClassOrInterface() ? (one.getBaseTypes() ?? []).flatMap(partsOf) : []);
  return (type.isIntersection() ? type.types : [type]).flatMap((one) => [one.symbol?.getName(), one.aliasSymbol?.getName(), ...based(one)]);
}

/** Whether the file says the name of a property: of a request, the others need not be there. */
function isNamed(at, name) {
  return new RegExp(`[.{,]\\s*${name}\\b`).test(at.getSourceFile().text);
}

module.exports = { partsOf, REQUESTS, treeOf };
