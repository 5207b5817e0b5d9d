'use strict';
// The Jest test file that looks for cases: from the simplest one to its neighbours, keeping what covers something new.
// Started with ORCHESTRATE_REQUEST, the path of a JSON file {mode, root, target, model, budget, seconds, cases, result}.

const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { propose, replay, sameAs, discover } = require('./replay.cjs');
const { subjectsOf, outcomeOf, isDeadEnd, isShared, isUnfit, suspicionOf, suspicionOfAll } = require('./acts.cjs');
const { EVERYWHERE } = require('./server.cjs');
const { killed } = require('./killing.cjs');
const { isOpaque, hasFunction } = require('./values.cjs');
const { watch } = require('./watch.cjs');

const WORDS = 4;
const MOST_SPARE = { error: 30, value: 60, whole: 12, some: 1 };
/** What a whole application passes on from a dependency is rarely looked at. */
const MOST_COLUMNS = 3;
/** Tries in a row that show nothing new, where each try is a whole request: what is left rarely shows more. */
const PATIENCE = 80;
/** Stands for the project's directory in what is recorded, as tests run elsewhere too. */
const ROOT = '<root>';
/** Tries in a row that wait for what never comes: each takes as long as one may take. */
const MOST_WAITING = 3;
const BUGS = ['TypeError', 'ReferenceError', 'RangeError', 'SyntaxError', 'Timeout'];
/** How an input that cannot be looks where whoever catches it tells somebody else. */
const PASSED = /\[TypeError: (Cannot read properties of|.+ is not (a function|iterable))/;
/** What may end the process and be tested for that. */
const EXITING = ['call', 'plugin', 'load'];
const STATUS = /\.(status|sendStatus|code)\(\d{3}\)$/;
const asked = fs.readFileSync(process.env.ORCHESTRATE_REQUEST, 'utf8');
const { root } = JSON.parse(asked);
const request = JSON.parse(asked.replaceAll(ROOT, root));
const until = Date.now() + request.seconds * 1000;

const watched = watch(request.endless, path.join(request.root, request.target));

test(request.mode, async () => {
  net.Socket.prototype.connect = closed;
  net.Server.prototype.listen = closed;
  process.exit = (code) => { throw new Error(`process.exit(${code ?? 0})`); };
  try {
    const result = request.mode === 'search' ? await search() : await killed(request, until, say, begins);
    fs.writeFileSync(request.result, JSON.stringify(result).replaceAll(root, ROOT));
  } finally {
    await watched.end();
  }
}, 3_600_000);

function closed() {
  throw new Error('the network is closed');
}

/** Say whether something may be tried: what did not come to an end the last time may not. */
function begins(...what) {
  const name = JSON.stringify(what);
  watched.begin(name);
  return !request.hanging.includes(name);
}

function say(line) {
  process.stdout.write(`progress: ${line}\n`);
}

async function search() {
  const found = { cases: [], proposed: 0, dropped: {}, truncated: false, total: {}, suspicious: [] };
  const seen = new Set();
  const pool = {};
  const outcomes = new Set();
  const subjects = await everySubject(found);
  found.environment = request.model.application?.environment ?? null;
  for (const [number, subject] of subjects.entries()) {
    say(`searching ${number + 1} of ${subjects.length}: \`${subject.owner ? `${subject.owner}.` : ''}${subject.fn}\`, ${found.cases.length} cases`);
    await searchOne(subject, found, { seen, pool, outcomes: isShared(subject) ? outcomes : new Set() });
    if (found.broken) break;
  }
  return found;
}

/** What there is to try; none where the target cannot be loaded at all. */
async function everySubject(found) {
  try {
    return await subjectsOf(request, (work) => discover(request, work));
  } catch (error) {
    found.broken = error.message;
    return [];
  }
}

async function searchOne(subject, found, { seen, pool, outcomes }) {
  const tried = new Set();
  const spare = { error: 0, value: 0, whole: 0, some: 0 };
  const planned = new Set();
  const met = new Set();
  let last = 0;
  let waiting = 0;
  let queue = [{ choices: subject.begins ?? {}, known: new Set(), changed: null, rank: 0 }];
  for (let count = 0; queue.length && count < request.budget && (subject.kind === 'call' || count - last < PATIENCE); count += 1) {
    if (Date.now() > until) {
      found.truncated = true;
      break;
    }
    const { choices, known, changed } = queue.shift();
    if (!begins(subject.owner, subject.fn, choices)) {
      found.dropped['search: does not end'] = (found.dropped['search: does not end'] ?? 0) + 1;
      found.proposed += 1;
      continue;
    }
    reset();
    const { points, heard, case: made } = await propose(request, subject, choices, pool);
    if (made.error?.name === 'Broken') {
      if (Object.keys(choices).length) continue;
      found.broken = made.error.message;
      break;
    }
    if (made.error?.name === 'Earlier') continue;
    waiting = made.error?.name === 'Timeout' ? waiting + 1 : 0;
    if (waiting === MOST_WAITING) {
      found.dropped['search: waits for ever'] = (found.dropped['search: waits for ever'] ?? 0) + 1;
      found.proposed += 1;
      break;
    }
    const bits = hits();
    const key = JSON.stringify([made.before, made.args, made.given, made.script, made.inputs]);
    if (tried.has(key)) continue;
    tried.add(key);
    if (!Object.keys(choices).length && typeof made.value === 'string') pool[subject.fn] = made.value;
    const fresh = bits.filter((bit) => !seen.has(bit));
    const outcome = outcomeOf(made, heard) ?? outcomeClass(made, heard);
    const isNew = fresh.length > 0 || !outcomes.has(outcome);
    const kind = subject.follows ? 'some' : subject.kind !== 'call' ? 'whole' : made.error ? 'error' : 'value';
    // What comes to light by a case that shows nothing else, such as the properties of an argument that may be left out.
    const opened = points.filter(({ path: at }) => /^(arg|before|construct):/.test(at) && !met.has(at));
    opened.forEach(({ path: at }) => met.add(at));
    if ((isNew || opened.length || subject.follows) && !isDeadEnd(made)) {
      const more = subject.follows ? points.filter((point) => subject.follows(point, made)) : isNew ? points : opened;
      queue = enqueue(queue, planned, { choices, points: more, known, changed, isWhole: subject.kind !== 'call' && !subject.answer, most: subject.most });
    }
    if (!isNew && spare[kind] >= MOST_SPARE[kind]) continue;
    found.proposed += 1;
    const reason = unfit(made) ?? (await unsteady(made));
    if (reason) {
      found.dropped[reason] = (found.dropped[reason] ?? 0) + 1;
      continue;
    }
    if (isNew) last = count;
    fresh.forEach((bit) => seen.add(bit));
    outcomes.add(outcome);
    const suspicion = suspicionOf(request, made);
    suspect(found, suspicion);
    found.cases.push({ ...made, bits, suspicion, outcome: isShared(subject) || outcome.startsWith(EVERYWHERE) ? outcome : `${subject.owner}.${subject.fn} ${outcome}`, isSpare: !isNew });
    if (!isNew) spare[kind] += 1;
  }
  suspect(found, suspicionOfAll(subject, found.cases.filter((one) => one.kind === subject.kind && one.fn === subject.fn)));
}

function suspect(found, suspicion) {
  if (suspicion && !found.suspicious.includes(suspicion)) found.suspicious.push(suspicion);
}

/** Neighbours: one decision changed. New decisions lead farther than old ones, and inputs farther than columns of rows. */
function enqueue(queue, planned, { choices, points, known, changed, isWhole, most = Infinity }) {
  const next = [];
  const paths = new Set([...known, ...points.map(({ path }) => path)]);
  for (const { path, labels, index } of points) {
    const weight = (known.has(path) && path !== changed ? 4 : 0) + (/^reply:\d+./.test(path) ? 4 : 0);
    for (let other = 0; other < Math.min(labels.length, most + 1); other += 1) {
      if (other > MOST_COLUMNS && isWhole && /^reply:\d+./.test(path)) break;
      const one = { ...choices, [path]: other };
      const key = JSON.stringify(Object.entries(one).filter(([, chosen]) => chosen).sort());
      if (other !== index && !planned.has(key)) next.push({ choices: one, known: paths, changed: path, rank: weight + other });
      planned.add(key);
    }
  }
  return [...next, ...queue].sort((one, two) => one.rank - two.rank);
}

function unfit(made) {
  if (!EXITING.includes(made.kind) && /^process\.exit\(/.test(made.error?.message)) return 'search: ends the process';
  if (made.error?.name === 'Unheard') return 'search: fails where nobody hears it';
  if (made.error?.name === 'Unmade') return 'search: no object can be made';
  if ((made.shows || made.kind === 'load') && made.value && !Object.keys(made.value).length && !made.script.length) return 'search: shows nothing';
  if (made.error && BUGS.includes(made.error.name) && !isMeant(made.error)) return `search: ends in a ${made.error.name}`;
  if (made.script.some(([line]) => PASSED.test(line))) return 'search: passes on that something is not there';
  if (made.error && /too many calls|the network is closed/.test(made.error.message)) return `search: ${made.error.message}`;
  if (isUnfit(made)) return 'search: what the connections answer does not fit';
  const parts = [made.before, made.args, made.given, made.script, made.value ?? null, made.error ?? null, made.values];
  return parts.some(isOpaque) || [made.before, made.args, made.given, made.script, made.values, made.inputs].some(hasFunction) ? 'search: a value that cannot be written down' : null;
}

function isMeant({ name, message }) {
  return request.model.hints.thrown.some((one) => one.name === name && message.startsWith(one.text));
}

async function unsteady(made) {
  for (let time = 0; time < 2; time += 1) {
    if (!sameAs(made, await replay(request, made))) return 'record: another result when repeated';
  }
  return null;
}

/** What a person would call a different result: which error, or which kind of value. */
function outcomeClass({ error, value, params, script }, heard) {
  if (error && /^(connection lost|refused)$/.test(error.message)) return 'passes a failure on';
  if (error) return `throws ${error.name} ${sameWords(error.message, heard)}`;
  if (value === null || typeof value === 'boolean') return `returns ${value}`;
  const told = value?.$undefined || value?.$given ? toldIn(script) : null;
  if (told) return told;
  if (typeof value === 'string') return `returns ${value.length < 12 && /^[a-z]+$/.test(value) && !heard.includes(value) ? value : 'text'}`;
  if (Array.isArray(value)) return `returns list of ${Math.min(value.length, 2)}`;
  const isKnown = (key) => !params.some(({ shape }) => shape) || (value[key] !== null && !value[key]?.$undefined);
  return `returns ${typeof value} ${typeof value === 'object' ? Object.keys(value).filter(isKnown).sort().join() : ''}`;
}

/** What is said to who only listens, such as a response: its status, else what was said last. */
function toldIn(script) {
  const isHeard = (line) => ['told', 'fluent'].includes(request.model.givens[line.split(/[.(]/)[0]]?.double?.shape);
  const said = script.map(([line]) => line).filter(isHeard);
  return said.length ? `tells ${said.find((line) => STATUS.test(line)) ?? said.at(-1).split('(')[0]}` : null;
}

/** The first words of a message, but for those that were put in and come out again. */
function sameWords(message, heard) {
  return message.split(/\s+/).filter((word) => !/[\d"'`]/.test(word) && !heard.some((text) => text.includes(word))).slice(0, WORDS).join(' ');
}

function reset() {
  for (const one of Object.values(globalThis.__coverage__ ?? {})) {
    for (const counts of [one.s, one.f]) for (const key of Object.keys(counts)) counts[key] = 0;
    for (const key of Object.keys(one.b)) one.b[key] = one.b[key].map(() => 0);
  }
}

function hits() {
  const all = Object.entries(globalThis.__coverage__ ?? {}).sort(([one], [other]) => (one < other ? -1 : 1));
  return all.flatMap(([, one], number) => bitsOf(one).map((bit) => (number ? `${number}:${bit}` : bit)));
}

function bitsOf(one) {
  return [
    ...Object.keys(one.s).filter((key) => one.s[key]).map((key) => `s${key}`),
    ...Object.keys(one.f).filter((key) => one.f[key]).map((key) => `f${key}`),
    ...Object.keys(one.b).flatMap((key) => one.b[key].flatMap((count, arm) => (count ? [`b${key}.${arm}`] : []))),
  ];
}
