'use strict';
// Says which recorded case notices which change of the target. Runs inside Jest, in a target that holds all mutants.

const { warm } = require('./copies.cjs');
const { replay, sameAs } = require('./replay.cjs');

const MOST_TICKS = 20_000;
const ENOUGH = 3;
const TOLD_EVERY = 20;
/** What a module does when it is loaded is reached by every request, and noticed by few. */
const MOST_TRIES = { call: 40, app: 60, whole: 80 };
/** Where each try is long, one that notices is enough. */
const ENOUGH_OF = { app: 1 };

async function killed(request, until, say, begins) {
  const state = { active: -1, mutants: new Map(), hits: new Set(), ticks: 0 };
  globalThis.__orchestrateMutants = (text) => { for (const one of JSON.parse(text)) state.mutants.set(one.id, one); };
  globalThis.__orchestrateMutant = (id) => { state.hits.add(id); return state.active === id; };
  globalThis.__orchestrateTick = () => { state.ticks += 1; if (state.ticks > MOST_TICKS) throw new Error('the change never ends'); };
  const reach = [];
  warm(request);
  const loading = new Set(state.hits);
  const always = request.model.graphql?.isSteady ? loading : [];
  for (const one of request.cases) reach.push(new Set([...(await touched(request, one, state)), ...always]));
  const kills = request.cases.map(() => []);
  let truncated = false;
  for (const [number, id] of [...state.mutants.keys()].entries()) {
    if (number % TOLD_EVERY === 0) say(`replaying ${request.cases.length} cases on mutant ${number + 1} of ${state.mutants.size}`);
    truncated ||= Date.now() > until;
    if (!truncated) await hunt({ ...request, isFresh: loading.has(id) }, id, reach, kills, state, begins);
  }
  const dead = new Set(kills.flat());
  const mutants = [...state.mutants.values()];
  return { kills, mutants, survivors: mutants.filter(({ id }) => !dead.has(id)), truncated };
}

async function touched(request, one, state) {
  Object.assign(state, { active: -1, ticks: 0, hits: new Set() });
  const same = sameAs(one, await replay(request, one));
  return same ? state.hits : new Set();
}

/** Try the cases that reach a mutant, the kept ones first, until enough of them notice it. */
async function hunt(request, id, reach, kills, state, begins) {
  const order = inTurn(request.cases, request.cases.map((one, index) => index).filter((index) => reach[index].has(id)), reach);
  let notices = 0;
  for (const [tries, index] of order.entries()) {
    const one = request.cases[index];
    if (notices >= (ENOUGH_OF[one.kind] ?? ENOUGH) || tries >= (MOST_TRIES[one.kind] ?? MOST_TRIES.whole) || (one.isSpare && notices)) break;
    Object.assign(state, { active: id, ticks: 0 });
    if (!begins(id, index) || !sameAs(one, await replay(request, one))) {
      kills[index].push(id);
      notices += 1;
    }
  }
  state.active = -1;
}

/** The kept ones before the others, and those that reach little before those that reach much; of each function one after the other. */
function inTurn(cases, some, reach) {
  const spare = (index) => Number(cases[index].isSpare);
  const sorted = some.sort((one, two) => spare(one) - spare(two) || reach[one].size - reach[two].size || one - two);
  const counts = new Map();
  const turns = new Map(sorted.map((index) => {
    const name = `${spare(index)} ${cases[index].owner}.${cases[index].fn}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
    return [index, counts.get(name)];
  }));
  return sorted.sort((one, two) => spare(one) - spare(two) || turns.get(one) - turns.get(two));
}

module.exports = { killed };
