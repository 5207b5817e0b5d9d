'use strict';
// What an argument must be, by what a function does with it. Reads; never runs project code.

const { partsOf, REQUESTS, treeOf } = require('../types.cjs');

/** What is mostly read of a request. */
const PARTS = ['body', 'headers', 'ip', 'method', 'originalUrl', 'params', 'path', 'query', 'url'];
/** What a request holds of any type, such as its body: fields. */
const FIELDS = { k: 'record', of: { k: 'any' } };

/** A builder has some methods that give it back; a response has many. */
const MOST_PLAIN = 8;

/** Where arrays, dates and promises are declared: values, whatever their methods give back. */
const LIBRARY = /\/typescript\/lib\/lib\.[\w.]+\.d\.ts$/;

/** `told` is a function that is called for nothing in return, such as `next`; `fluent` an object with such methods, such as a response of Express. Null where it may be a value. */
function usedAs(look, param, node) {
  const { ts } = look;
  if (!node.body || !ts.isIdentifier(param.name)) return null;
  const calls = { told: [], fluent: [] };
  let isRead = false;
  const uses = usesOf(ts, param, node);
  for (const one of uses) {
    const { parent } = one;
    if (ts.isCallExpression(parent) && parent.expression === one) calls.told.push(parent);
    else if (ts.isPropertyAccessExpression(parent) && parent.expression === one) {
      if (ts.isCallExpression(parent.parent) && parent.parent.expression === parent) calls.fluent.push(parent.parent);
      else isRead = true;
    }
  }
  const [shape, other] = calls.told.length ? ['told', 'fluent'] : ['fluent', 'told'];
  const isGiven = uses.length && !calls[other].length && !isRead && calls[shape].every((one) => isDiscarded(ts, one));
  const name = param.name.text;
  const isOnlyPassedOn = uses.every((one) => isPassedOn(ts, one));
  return isGiven && (calls[shape].length || isOnlyPassedOn) && canBe(look, param, shape, calls[shape]) ? { shape: 'given', given: name, double: { shape, local: name } } : null;
}

/** A request of which a function reads some parts: an object with these, as is one with methods that nothing is read of; null for what else there is. */
function requestOf({ ts, checker }, param, node) {
  const type = checker.getTypeAtLocation(param);
  if (!node.body || !ts.isIdentifier(param.name)) return null;
  const uses = usesOf(ts, param, node);
  if (!uses.length && isService(checker, type, param)) return { k: 'object', isPartial: true, name: '', props: {} };
  if (!partsOf(type).some((one) => REQUESTS.includes(one))) return null;
  const reads = uses.map((one) => (isPassedOn(ts, one) ? PARTS : readOf(ts, one)));
  if (!reads.every(Boolean)) return null;
  const props = [...new Set(reads.flat())].flatMap((name) => {
    const symbol = type.getProperty(name);
    if (!symbol) return [];
    const tree = treeOf(ts, checker, checker.getTypeOfSymbolAtLocation(symbol, param), param);
    return [[name, { t: tree.k === 'any' ? FIELDS : tree, optional: Boolean(symbol.flags & ts.SymbolFlags.Optional) }]];
  });
  return { k: 'object', isPartial: true, name: '', props: Object.fromEntries(props) };
}

/** Whether something else gets a value, and may read what it wants. */
function isPassedOn(ts, use) {
  return ts.isCallExpression(use.parent) && use.parent.arguments.includes(use);
}

function isService(checker, type, at) {
  const isCalled = (one) => one.getCallSignatures().length > 0;
  return isCalled(type) || (Boolean(type.symbol) && type.getProperties().some((one) => isCalled(checker.getTypeOfSymbolAtLocation(one, at))));
}

/** The names that a use of an object reads of it; null where it does something else. */
function readOf(ts, use) {
  const { parent } = use;
  if (ts.isVariableDeclaration(parent) && parent.initializer === use && ts.isObjectBindingPattern(parent.name)) {
    return parent.name.elements.map((one) => (one.propertyName ?? one.name).getText());
  }
  if (!ts.isPropertyAccessExpression(parent) || parent.expression !== use) return null;
  return ts.isCallExpression(parent.parent) && parent.parent.expression === parent ? null : [parent.name.text];
}

function usesOf(ts, param, node) {
  const found = [];
  const visit = (one) => {
    if (ts.isIdentifier(one) && one.text === param.name.text && !(ts.isPropertyAccessExpression(one.parent) && one.parent.name === one)) found.push(one);
    ts.forEachChild(one, visit);
  };
  visit(node.body);
  return found;
}

/** Whether the type of an argument allows it: none, a function that answers nothing, or an object whose methods give it back. */
function canBe({ ts, checker }, param, shape, calls) {
  const type = checker.getNonNullableType(checker.getTypeAtLocation(param));
  if (type.flags & ts.TypeFlags.Any) return calls.length > 0;
  if (shape === 'fluent' && LIBRARY.test(declaredIn(type))) return false;
  if (!calls.length) return givesItselfBack(checker, type, param);
  if (shape === 'told') return type.getCallSignatures().some((one) => one.getReturnType().flags & (ts.TypeFlags.Void | ts.TypeFlags.Any));
  return Boolean(type.symbol) && calls.some((one) => checker.getTypeAtLocation(one).symbol === type.symbol);
}

/** Whether most of what something of a package can do gives it back, as with a response that is only passed on. */
function givesItselfBack(checker, type, at) {
  const isItself = (one) => checker.getTypeOfSymbolAtLocation(one, at).getCallSignatures()[0]?.getReturnType();
  const back = type.getProperties().map(isItself).filter((one) => one && (one === type || one.symbol === type.symbol));
  return declaredIn(type).includes('/node_modules/') && back.length > MOST_PLAIN;
}

function declaredIn(type) {
  return type.symbol?.declarations?.[0]?.getSourceFile().fileName ?? '';
}

/** Whether nothing is done with what a call gives, but that a function ends with it or that another method is called. */
function isDiscarded(ts, node) {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) && ts.isCallExpression(parent.parent)) return isDiscarded(ts, parent.parent);
  const isWhole = ts.isParenthesizedExpression(parent) || (ts.isConditionalExpression(parent) && parent.condition !== node);
  if (isWhole) return isDiscarded(ts, parent);
  return ts.isExpressionStatement(parent) || ts.isReturnStatement(parent) || ts.isArrowFunction(parent);
}

module.exports = { requestOf, usedAs };
