'use strict';
// How a case of each kind is run: the one table of what can be exercised. Runs inside Jest.
// A kind has `subjects(request, discover)`, what of a target is tried on its own, and `act(stage)`, one try of one of them.
// A stage is {request, subject, outside, give, load}; `give` draws inputs in the search and repeats them afterwards.

const calls = {
  subjects: ({ model: { functions, classes } }) => [
    ...functions.map((one) => ({ owner: null, fn: one.name, params: one.params, makes: one.makes, construct: [], isStatic: false, isPromise: one.isAsync })),
    ...classes.filter((one) => !one.isAbstract).flatMap((own) => [...making(own), ...own.methods.map((one) => (
      { owner: own.name, fn: one.name, params: one.params, construct: own.params, isStatic: one.isStatic, isPromise: one.isAsync, mates: matesOf(one, own.methods) }))]),
  ],
  act: ({ request, subject, give, load }) => {
    const { module } = load();
    if (request.model.loading?.readsEnvironment) process.env = environmentOf(request.model.loading, give);
    if (subject.shows) return shown(new module[subject.owner](...give.construct(subject.construct)), subject.shows);
    const target = subject.owner ? (subject.isStatic ? module[subject.owner] : made(module[subject.owner], give.construct(subject.construct))) : module;
    const path = subject.fn.split('.');
    const owner = path.slice(0, -1).reduce((own, name) => own[name], target);
    const last = () => called((...args) => owner[path.at(-1)](...args), subject, give.args(subject.params));
    const before = give.before(subject.mates);
    return before.length ? afterwards(target, before, last) : last();
  },
};

/** The environment of a call: as it is, but for variables that the target names and that the case sets. */
function environmentOf({ names }, give) {
  const set = give.input('environment', (draws) => draws.overrides('env:', names)) ?? {};
  return new Proxy(process.env, { get: (own, key) => (names.includes(key) ? set[key] : undefined) ?? own[key] });
}

/** Call a function; where it makes another one, call that with what is left of the arguments. */
function called(work, { params, makes }, args) {
  const spread = args.map((one, index) => (params[index]?.rest && Array.isArray(one) ? one : [one]));
  return makes === undefined ? work(...spread.flat()) : work(...spread.slice(0, makes).flat())(...spread.slice(makes).flat());
}

/** The methods that may be called on the same object before, where that matters. */
function matesOf(method, methods) {
  const isMate = (one) => one.remembers && one.isStatic === method.isStatic && (method.isAsync || !one.isAsync);
  return method.remembers ? methods.filter(isMate).map(({ name, params, isAsync }) => ({ name, params, isAsync })) : [];
}

/** What `last` comes to after the calls of `before`, which succeed. */
function afterwards(target, before, last) {
  const call = ({ name, args }) => target[name](...args);
  const failed = ({ message }) => { throw Object.assign(new Error(message), { name: 'Earlier' }); };
  if (before.some(({ isAsync }) => isAsync)) return before.reduce((made, one) => made.then(() => call(one)), Promise.resolve()).catch(failed).then(last);
  try {
    before.forEach(call);
  } catch (error) {
    failed(error);
  }
  return last();
}

/** Making an object is tried on its own where something of it can be seen, or where it can be refused. */
function making({ name, params, shows, base }) {
  const isRefusable = params.some(({ shape }) => shape === 'value');
  return shows.length || isRefusable ? [{ owner: name, fn: 'constructor', params: [], construct: params.map((one) => ({ ...one, isGiven: true })), isStatic: false, isPromise: false, shows, base }] : [];
}

function shown(object, names) {
  return Object.fromEntries(names.map((name) => [name, object[name]]).filter(([, value]) => value !== undefined));
}

/** An object whose method is tried; that it cannot be made is no behaviour of the method. */
function made(Class, given) {
  try {
    return new Class(...given);
  } catch (error) {
    throw Object.assign(new Error(String(error?.message ?? error)), { name: 'Unmade' });
  }
}

const KINDS = { call: calls, route: require('./kinds/route.cjs'), hook: require('./kinds/hook.cjs'), plugin: require('./kinds/plugin.cjs'), load: require('./kinds/load.cjs'), app: require('./kinds/app.cjs'), operation: require('./kinds/operation.cjs'), data: require('./kinds/data.cjs') };

function actOf(kind = 'call') {
  return KINDS[kind].act;
}

/** What can be tried of a target, kind after kind. */
async function subjectsOf(request, discover) {
  const found = [];
  for (const [kind, { subjects, isLast }] of Object.entries(KINDS)) {
    if (isLast && found.length) continue;
    for (const one of await subjects(request, discover)) found.push({ owner: null, construct: [], params: [], isStatic: false, isPromise: true, kind, ...one });
  }
  return found;
}

/** What a person would call a different result of this kind; null where kinds do not differ. `heard` are texts put in. */
function outcomeOf(made, heard) {
  return KINDS[made.kind ?? 'call'].outcome?.(made, heard) ?? null;
}

/** Whether changing more of a case cannot lead farther. */
function isDeadEnd(made) {
  return KINDS[made.kind ?? 'call'].isDeadEnd?.(made) ?? false;
}

/** Whether what was asked was answered in a way that does not fit. */
function isUnfit(made) {
  return KINDS[made.kind ?? 'call'].isUnfit?.(made) ?? false;
}

/** Whether what was seen of one subject is nothing new of another one. */
function isShared({ kind }) {
  return Boolean(KINDS[kind].isShared);
}

/** What a person should look at in all cases of a subject together. */
function suspicionOfAll({ kind, fn }, cases) {
  return KINDS[kind].suspicionOfAll?.(fn, cases) ?? null;
}

/** What a person should look at in a case. */
function suspicionOf(request, made) {
  return KINDS[made.kind ?? 'call'].suspicion?.(request, made) ?? null;
}

module.exports = { isUnfit, actOf, isShared, subjectsOf, outcomeOf, isDeadEnd, suspicionOf, suspicionOfAll };
