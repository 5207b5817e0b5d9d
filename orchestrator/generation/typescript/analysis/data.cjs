'use strict';
// What a module exports that can only be looked at: data, and what it passes on from others. Reads; never runs project code.

const { exportedIn, isCommon } = require('./commons.cjs');
const { isCall } = require('./loading.cjs');

/** The names of all values that the target exports; none where looking at them connects to something. `reached` are the project's files that loading it loads, `importsIn` what each imports. */
function dataOf(look, reached, importsIn) {
  const connects = (source) => {
    const outside = importsIn({ ...look, source }).filter(({ file, fate }) => !file && fate === 'replaced').flatMap(({ names }) => names.map(({ local }) => local));
    return source.statements.some((node) => isCall(look, node, outside));
  };
  return reached.some(connects) ? [] : valuesOf(look).sort();
}

function valuesOf(look) {
  const { ts, checker, source } = look;
  if (isCommon(source)) return exportedIn(look).named.map(([name]) => name);
  const module = checker.getSymbolAtLocation(source);
  const real = (one) => (one.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(one) : one);
  const isValue = (one) => Boolean(real(one).flags & ts.SymbolFlags.Value) && !(real(one).flags & ts.SymbolFlags.ConstEnum);
  return (module ? checker.getExportsOfModule(module) : []).filter(isValue).map((one) => one.getName());
}

module.exports = { dataOf };
