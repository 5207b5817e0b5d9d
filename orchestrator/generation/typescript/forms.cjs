'use strict';
// How a test file takes modules in. It is made with `import` and `jest.mock`, which moves up by itself; in CommonJS and
// in ES modules that Jest loads as such nothing moves, and both have words of their own.

const LATER = `
/** Stands for what a module exports: whoever uses it asks what is there by then. */
function mockLater(now: () => Anything): Anything {
  return new Proxy(() => undefined, { apply: (_, own, args) => now()(...args), get: (_, key) => now()[key] });
}
`;

/** The same file with `require`. */
function required(ts, text) {
  const { head, early, mocks, late, body } = partsOf(ts, text);
  const lines = (some) => some.map((one) => `const ${boundBy(one)} = require(${one.moduleSpecifier.getText()});`).join('\n');
  return joined(head, [lines(early), ...mocks.map((one) => one.getText()), lines(late)], body);
}

/** The same file for a Jest that loads ES modules as such; `whole(name)` is the name of a module with its suffix. */
function native(ts, text, whole) {
  const { head, early, mocks, late, body } = partsOf(ts, text);
  const placed = (one, name) => one.getText().replace(name.getText(), `'${whole(name.text)}'`);
  const stated = [...early, ...(mocks.length ? [] : late)].map((one) => placed(one, one.moduleSpecifier));
  const awaited = mocks.length ? late.map((one) => awaiting(one, whole, body)) : [];
  const jest = /\bjest\./.test(text) ? ["import { jest } from '@jest/globals';"] : [];
  const replaced = mocks.map((one) => mockOf(ts, one, placed(one, one.expression.arguments[0])));
  const needsLater = replaced.some((one) => one.includes('mockLater(')) && !body.includes('function mockLater');
  return joined(head, [[...stated, ...jest].join('\n'), ...replaced, awaited.join('\n')], body + (needsLater ? LATER : ''));
}

/** What a file begins with: comments, imports that nothing replaces, mocks, other imports; and the rest. */
function partsOf(ts, text) {
  const source = ts.createSourceFile('made.ts', text, ts.ScriptTarget.Latest, true);
  const imports = source.statements.filter(ts.isImportDeclaration);
  const mocks = source.statements.filter((one) => one.getText().startsWith('jest.mock('));
  const isEarly = ({ importClause, moduleSpecifier }) => importClause.isTypeOnly || moduleSpecifier.text.startsWith('node:');
  const head = text.slice(0, source.statements[0].getStart());
  const body = text.slice(Math.max(head.length, ...[...imports, ...mocks].map(({ end }) => end)));
  return { head, early: imports.filter(isEarly), mocks, late: imports.filter((one) => !isEarly(one)), body };
}

function joined(head, parts, body) {
  return head + parts.filter(Boolean).join('\n\n') + body;
}

/** What an import binds, as a pattern. */
function boundBy({ importClause: { name, namedBindings } }) {
  if (name) return name.text;
  return `{ ${namedBindings.elements.map((one) => (one.propertyName ? `${one.propertyName.text}: ${one.name.text}` : one.name.text)).join(', ')} }`;
}

/** An import that waits for what is replaced. A class that the tests name as a type needs that type. */
function awaiting(one, whole, body) {
  const { name, namedBindings } = one.importClause;
  const named = namedBindings ? boundBy({ importClause: { namedBindings } }) : '{ }';
  const bound = name ? named.replace('{ ', `{ default: ${name.text}${namedBindings ? ', ' : ' '}`).replace('  }', ' }') : named;
  const types = (namedBindings?.elements ?? []).map((own) => own.name.text).filter((own) => body.includes(`Parameters<${own}[`));
  return [`const ${bound} = await import('${whole(one.moduleSpecifier.text)}');`, ...types.map((own) => `type ${own} = InstanceType<typeof ${own}>;`)].join('\n');
}

/** A mock that is there before the import: what it exports is read at once, so a getter becomes what asks later. */
function mockOf(ts, node, text) {
  let made = text.replace('jest.mock(', 'jest.unstable_mockModule(');
  const visit = (one) => {
    if (ts.isGetAccessor(one)) {
      const [{ expression }] = one.body.statements;
      made = made.replace(one.getText(), `${one.name.getText()}: mockLater(() => ${expression.getText()})`);
    } else ts.forEachChild(one, visit);
  };
  visit(node);
  return made;
}

module.exports = { native, required };
