'use strict';
// What an argument without a type must be, by what a function does with it. Reads; never runs project code.

/** `told` is a function that is called for nothing in return, such as `next`; `fluent` an object with such methods, such as a response of Express. Null where it may be a value. */
function usedAs({ ts, checker }, param, node) {
  if (!node.body || !ts.isIdentifier(param.name) || !(checker.getTypeAtLocation(param).flags & ts.TypeFlags.Any)) return null;
  const name = param.name.text;
  const calls = { told: [], fluent: [] };
  let isRead = false;
  const visit = (one) => {
    if (ts.isIdentifier(one) && one.text === name && one !== param.name) {
      const { parent } = one;
      if (ts.isCallExpression(parent) && parent.expression === one) calls.told.push(parent);
      else if (ts.isPropertyAccessExpression(parent) && parent.expression === one) {
        if (ts.isCallExpression(parent.parent) && parent.parent.expression === parent) calls.fluent.push(parent.parent);
        else isRead = true;
      }
    }
    ts.forEachChild(one, visit);
  };
  visit(node.body);
  const [shape, other] = calls.told.length ? ['told', 'fluent'] : ['fluent', 'told'];
  const isGiven = calls[shape].length && !calls[other].length && !isRead && calls[shape].every((one) => isDiscarded(ts, one));
  return isGiven ? { shape: 'given', given: name, double: { shape, local: name } } : null;
}

/** Whether nothing is done with what a call gives, but that a function ends with it or that another method is called. */
function isDiscarded(ts, node) {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) && ts.isCallExpression(parent.parent)) return isDiscarded(ts, parent.parent);
  return ts.isExpressionStatement(parent) || ts.isReturnStatement(parent) || ts.isArrowFunction(parent);
}

module.exports = { usedAs };
