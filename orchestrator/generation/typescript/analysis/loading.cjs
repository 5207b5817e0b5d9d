'use strict';
// What loading a target depends on and does: which variables of the environment it reads, what it exports besides functions.
// Reads; never runs project code.

const NAME = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/;

/** What is worth testing of loading a target, null if loading it only declares things. */
function loadingOf(look, imports) {
  const names = namesOf(look);
  const readsEnvironment = /\bprocess\.env\b/.test(look.source.text);
  const outside = imports.filter(({ fate }) => fate === 'replaced').flatMap((one) => one.names.map(({ local }) => local));
  const callsOut = look.source.statements.some((node) => isCall(look, node, outside));
  const goesOn = look.source.statements.some((node) => isRun(look, node, (one) => isLater(look.ts, one)));
  const listens = ['on', 'once'].filter((name) => look.source.text.includes(`process.${name}(`));
  return readsEnvironment || callsOut || names.length ? { names, readsEnvironment, callsOut, goesOn, listens } : null;
}

/** Whether something ends later than the code that begins it. */
function isLater(ts, node) {
  return ts.isAwaitExpression(node) || (ts.isPropertyAccessExpression(node) && ['then', 'catch', 'finally'].includes(node.name.text));
}

/** Names of variables: read from `process.env`, and texts that look like such names where the environment is passed on. */
function namesOf({ ts, source }) {
  if (!/\bprocess\.env\b|\bProcessEnv\b/.test(source.text)) return [];
  const found = new Set();
  const visit = (node) => {
    if (ts.isPropertyAccessExpression(node) && NAME.test(node.name.text)) found.add(node.name.text);
    if ((ts.isStringLiteralLike(node) || ts.isBindingElement(node) || ts.isPropertyAssignment(node)) && NAME.test(nameIn(ts, node))) found.add(nameIn(ts, node));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return [...found].filter((name) => name.length > 2).sort();
}

function nameIn(ts, node) {
  if (ts.isStringLiteralLike(node)) return node.text;
  return (node.propertyName ?? node.name).getText();
}

/** Whether a statement calls one of the names while the module is loaded. */
function isCall(look, statement, names) {
  const { ts } = look;
  return isRun(look, statement, (node) => (ts.isCallExpression(node) || ts.isNewExpression(node)) && names.includes(node.expression.getText().split('.')[0]));
}

/** Whether a part of a statement that `isIt` runs while the module is loaded, be it in a function of the same file. */
function isRun({ ts, checker, source }, statement, isIt) {
  const seen = new Set();
  let found = false;
  const visit = (node) => {
    if (found || ts.isFunctionLike(node) || ts.isClassLike(node)) return;
    found ||= isIt(node);
    const called = ts.isCallExpression(node) ? calledBy(node) : null;
    if (called && !seen.has(called)) {
      seen.add(called);
      ts.forEachChild(called.body, visit);
    }
    ts.forEachChild(node, visit);
  };
  const calledBy = ({ expression }) => {
    let own = expression;
    while (ts.isParenthesizedExpression(own)) own = own.expression;
    const from = ts.isIdentifier(own) ? checker.getSymbolAtLocation(own)?.valueDeclaration : own;
    const made = from && ts.isVariableDeclaration(from) ? from.initializer : from;
    return made && made.getSourceFile() === source && ts.isFunctionLike(made) && made.body ? made : null;
  };
  if (ts.isVariableStatement(statement) || ts.isExpressionStatement(statement) || ts.isExportAssignment(statement) || ts.isIfStatement(statement)) visit(statement);
  return found;
}

module.exports = { isCall, loadingOf, namesOf };
