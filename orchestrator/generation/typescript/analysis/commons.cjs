'use strict';
// What CommonJS says by calls and assignments, and ES modules by their own words: `require`, `exports.x = ...`,
// `module.exports = ...`. Reads; never runs project code.

/** Whether a file is a CommonJS module by its own text; `true` is what the compiler says of files that it takes for modules by its settings. */
function isCommon({ commonJsModuleIndicator, externalModuleIndicator: own }) {
  return Boolean(commonJsModuleIndicator && (!own || own === true));
}

/** What a file requires, wherever that stands: [specifier, what it is bound to, the one property that is taken of it]. */
function requiresIn(ts, source) {
  const found = [];
  const visit = (node) => {
    if (ts.isCallExpression(node) && isRequire(ts, node)) {
      const isOne = ts.isPropertyAccessExpression(node.parent) && node.parent.expression === node;
      const { parent } = isOne ? node.parent : node;
      const binding = ts.isVariableDeclaration(parent) ? parent.name : null;
      found.push({ specifier: node.arguments[0].text, binding, property: isOne ? node.parent.name.text : null });
    }
    ts.forEachChild(node, visit);
  };
  if (isCommon(source)) visit(source);
  return found;
}

/** What a CommonJS module exports, by name: [[name, node]]; and what it is itself, if that is no plain object of these. */
function exportedIn(look) {
  const { ts, source } = look;
  const named = new Map();
  const all = new Set(['module.exports', 'exports']);
  let whole = null;
  for (const [place, value] of assignmentsIn(ts, source, all)) {
    const node = declared(look, value);
    if (!all.has(place)) {
      const name = ownName(place, all);
      if (name && !named.has(name)) named.set(name, node);
    } else if (ts.isObjectLiteralExpression(node)) {
      for (const [name, own] of membersOf(look, node)) named.set(name, own);
    } else whole = node;
  }
  return { named: [...named], whole };
}

/** Assignments while the module is loaded, from first to last; names that stand for all that is exported are added to `all`. */
function assignmentsIn(ts, source, all) {
  const found = [];
  for (const statement of source.statements) {
    const made = ts.isExpressionStatement(statement) ? [[null, statement.expression]]
      : ts.isVariableStatement(statement) ? statement.declarationList.declarations.map((one) => [one.name.getText(), one.initializer]) : [];
    for (const [name, first] of made) {
      const places = name ? [name] : [];
      let value = first;
      for (; value && ts.isBinaryExpression(value) && value.operatorToken.kind === ts.SyntaxKind.EqualsToken; value = value.right) places.push(value.left.getText());
      if (!value || !(places.length > (name ? 1 : 0))) continue;
      const isAll = places.some((place) => all.has(place));
      if (isAll) for (const place of [...places, ...(ts.isIdentifier(value) ? [value.text] : [])]) all.add(place);
      if (isAll) found.push(['module.exports', value]);
      else found.push(...places.map((place) => [place, value]));
    }
  }
  return found;
}

/** `x` for `exports.x`. */
function ownName(place, all) {
  const dot = place.lastIndexOf('.');
  return dot > 0 && all.has(place.slice(0, dot)) ? place.slice(dot + 1) : null;
}

function membersOf(look, node) {
  const { ts } = look;
  return node.properties.flatMap((one) => {
    if (!one.name || !(ts.isIdentifier(one.name) || ts.isStringLiteral(one.name))) return [];
    if (ts.isPropertyAssignment(one)) return [[one.name.text, declared(look, one.initializer)]];
    if (ts.isMethodDeclaration(one)) return [[one.name.text, one]];
    return ts.isShorthandPropertyAssignment(one) ? [[one.name.text, declared(look, one.name)]] : [];
  });
}

/** The function, class or value of the same file that a name stands for. */
function declared({ ts, checker, source }, node) {
  if (!ts.isIdentifier(node)) return node;
  const isShort = ts.isShorthandPropertyAssignment(node.parent);
  const symbol = isShort ? checker.getShorthandAssignmentValueSymbol(node.parent) : checker.getSymbolAtLocation(node);
  const from = symbol?.valueDeclaration;
  if (!from || from.getSourceFile() !== source) return node;
  return ts.isVariableDeclaration(from) ? from.initializer ?? node : from;
}

function isRequire(ts, node) {
  const [first] = node.arguments;
  return ts.isIdentifier(node.expression) && node.expression.text === 'require' && Boolean(first) && ts.isStringLiteralLike(first);
}

module.exports = { exportedIn, isCommon, isRequire, requiresIn };
