'use strict';
// How a JavaScript test file takes modules in. It is written with `import`; projects of CommonJS have `require` instead.

/** The same file with `require`. What stands for modules comes before what uses them: here nothing moves by itself. */
function required(ts, text) {
  const source = ts.createSourceFile('made.js', text, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  const shown = (node) => text.slice(node.getStart(source), node.end);
  const imports = source.statements.filter(ts.isImportDeclaration);
  const mocks = source.statements.filter((one) => shown(one).startsWith('jest.mock('));
  const head = text.slice(0, (imports[0] ?? source.statements[0]).getStart(source));
  const body = text.slice(Math.max(0, ...[...imports, ...mocks].map(({ end }) => end)));
  const isEarly = ({ moduleSpecifier }) => moduleSpecifier.text.startsWith('node:');
  const lines = (some) => some.map((one) => requiring(ts, one)).join('\n');
  const parts = [lines(imports.filter(isEarly)), ...mocks.map(shown), lines(imports.filter((one) => !isEarly(one)))];
  return head + parts.filter(Boolean).join('\n\n') + body;
}

function requiring(ts, { importClause, moduleSpecifier }) {
  const call = `require(${moduleSpecifier.getText()})`;
  if (importClause.name) return `const ${importClause.name.text} = ${call};`;
  const names = importClause.namedBindings.elements.map(({ propertyName, name }) => (propertyName ? `${propertyName.text}: ${name.text}` : name.text));
  return `const { ${names.join(', ')} } = ${call};`;
}

module.exports = { required };
