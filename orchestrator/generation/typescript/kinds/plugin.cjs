'use strict';
// Fastify plugins that add something to a server: what they decorate is used, and the server is closed again.

const { bare, furnish, optionsOf } = require('../server.cjs');

function subjects({ model }) {
  const { plugins = [], decorates = [], routes = {} } = model.fastify ?? {};
  return plugins.filter(() => decorates.length || !Object.keys(routes).length).flatMap((plugin) => [
    ...decorates.filter(({ isFunction }) => isFunction).map(({ name }) => ({ fn: name, plugin: plugin.name, uses: name })),
    ...(decorates.length || plugin.title ? [{ fn: 'ready', plugin: plugin.name, uses: null }] : []),
    { fn: 'close', plugin: plugin.name, uses: 'close' },
  ]);
}

async function act({ request, subject, outside, give, load }) {
  const { module, compilers } = load();
  const { model } = request;
  const app = bare(request, compilers);
  furnish(app, { model, outside, give });
  const plugin = model.fastify.plugins.find(({ name }) => name === subject.plugin);
  app.register(module[plugin.name], optionsOf(plugin, outside, give));
  await readied(app, subject);
  return subject.uses ? app[subject.uses]() : namesOn(app, model.fastify.decorates, plugin);
}

/** That a server cannot start is no behaviour of what the plugin adds to it. */
async function readied(app, { uses }) {
  try {
    await app.ready();
  } catch (error) {
    throw uses ? Object.assign(new Error(String(error?.message ?? error)), { name: 'Unmade' }) : error;
  }
}

/** What a server has now of the plugin: its decorations, and its name. */
function namesOn(app, decorates, { title }) {
  const names = decorates.map(({ name }) => name).filter((name) => app.hasDecorator(name));
  return title && app.hasPlugin(title) ? [...names, title] : names;
}

module.exports = { subjects, act };
