"""The parts that run in node, tried with the node that is there; Jest is a stand-in that says what it was asked."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from orchestrator.generation.typescript.worker import HERE

JEST = {
    "jest/package.json": "{}",
    "@jest/core/package.json": "{}",
    "@jest/core/index.js": """
        exports.SearchSource = class {
          constructor({ config }) { this.config = config; }
          isTestFilePath(path) { return path.includes('.test.'); }
          async getTestPaths() { return { tests: this.config.all.map((path) => ({ path })) }; }
        };""",
    "jest-config/package.json": "{}",
    "jest-config/index.js": """
        exports.readConfigs = async (argv, [root]) => ({
          globalConfig: { config: argv.config },
          configs: [{
            rootDir: `${root}/inner`,
            transform: [['', 'ts-jest/index.js']],
            all: ['old', 'leaks', 'made'].map((name) => `${root}/${name}.test.ts`),
          }],
        });""",
    "jest-resolve/package.json": "{}",
    "jest-resolve/index.js": """
        exports.default = { unstable_shouldLoadAsEsm: (place) => place.endsWith('.mts') };""",
    "jest-runtime/package.json": "{}",
    "jest-runtime/index.js": "exports.default = { createContext: async (config) => ({ config }) };",
    "jest-runner/package.json": "{}",
    "jest-runner/index.js": """
        const fs = require('node:fs');
        const path = require('node:path');
        exports.default = class {
          constructor(global) { this.global = global; this.heard = {}; }
          on(name, work) { this.heard[name] = work; }
          async runTests([test]) {
            const { seed = 'in order', collectCoverage } = this.global;
            const covered = collectCoverage && ['covered', ...this.global.collectCoverageFrom].join(' ');
            const line = [path.basename(test.path), covered || seed, process.env.TZ].join(' ');
            fs.appendFileSync(path.join(path.dirname(test.path), 'runs'), line + '\\n');
            const text = fs.readFileSync(test.path, 'utf8');
            if (text.includes('late')) Promise.reject(new Error('too late'));
            if (text.includes('leaks')) fs.appendFile = () => line;
            const isRed = text.includes('red') || (text.includes('unsteady') && seed === 3);
            if (text.includes('const n: number = "')) {
              const words = 'new.test.ts:\\u001b[93m7\\u001b[0m:9 - error TS2322';
              const error = Object.assign(new Error(words), { stack: '' });
              return this.heard['test-file-failure']([test, error]);
            }
            const one = { status: isRed ? 'failed' : 'passed', fullName: `is in ${path.basename(test.path)}` };
            this.heard['test-file-success']([test, { testResults: [one], numPassingTests: isRed ? 0 : 1 }]);
          }
        };""",
    "@jest/reporters/package.json": "{}",
    "istanbul-lib-coverage/package.json": "{}",
    "istanbul-lib-coverage/index.js": """
        exports.createCoverageMap = () => ({ merge() {}, files: () => [], toJSON: () => ({}) });""",
    "istanbul-lib-source-maps/package.json": "{}",
    "istanbul-lib-source-maps/index.js": """
        exports.createSourceMapStore = () => ({ transformCoverage: async (map) => map });""",
}
IN_ORDER = ["new.test.ts in order UTC"] * 5
SHUFFLED = [
    f"new.test.ts {seed} {zone}"
    for seed, zone in enumerate(["America/New_York", "Asia/Tokyo", "UTC", "America/New_York", "Asia/Tokyo"], 1)
]
THEIRS = ["old.test.ts in order UTC", "leaks.test.ts in order UTC"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose Jest is a stand-in, with a test of a person, one that leaks, and a generated one."""
    for name, text in JEST.items():
        path = tmp_path / "node_modules" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "old.test.ts").write_text("it('is in old')\n")
    (tmp_path / "leaks.test.ts").write_text("it('leaks')\n")
    (tmp_path / "made.test.ts").write_text("// orchestrate: generated, version 1\n")
    return tmp_path


def node(script: str, *given: Any) -> Any:
    """Return what a script prints as JSON; it finds the parts at `here`, and what is given at `given`."""
    head = f"const here = {json.dumps(str(HERE))} + '/'; const given = {json.dumps(given)};"
    code = f"{head} (async () => {{ {script} }})().then((made) => console.log(JSON.stringify(made)));"
    done = subprocess.run(["node", "-e", code], capture_output=True, text=True, check=True, env=_environ())
    return json.loads(done.stdout)


def _environ() -> dict[str, str]:
    found = shutil.which("node")
    assert found is not None
    return {"PATH": str(Path(found).parent), "TZ": "UTC"}


def prove(project: Path, text: str, *, test: str = "new.test.ts", **suite: Any) -> Any:
    known = {"failed": [], "broken": [], "coverage": {}, **suite}
    asked = {"root": str(project), "targets": ["a.ts"], "test": test, "files": {test: text}, "suite": known}
    asked |= {"marker": "orchestrate: generated", "form": "import"}
    return node("return require(here + 'prove.cjs').prove(given[0]);", asked)


def runs(project: Path) -> list[str]:
    return (project / "runs").read_text().splitlines()


def test_a_file_is_proven_in_order_shuffled_in_other_time_zones_and_around_the_suite(project: Path) -> None:
    assert prove(project, "it('holds')")["stage"] is None
    assert runs(project) == [*IN_ORDER, *SHUFFLED, *THEIRS, "new.test.ts covered ../a.ts UTC"]


def test_a_suite_of_which_nothing_is_known_is_not_run(project: Path) -> None:
    prove(project, "it('holds')", unknown="longer than 300 s")
    assert runs(project) == [*IN_ORDER, *SHUFFLED, "new.test.ts covered ../a.ts UTC"]


def test_what_fails_after_a_file_is_told(project: Path) -> None:
    (project / "old.test.ts").write_text("it('is red')\n")
    assert prove(project, "it('holds')", failed=["is in old.test.ts"])["fresh"] == []
    assert prove(project, "it('holds')")["fresh"] == ["is in old.test.ts"]


def test_a_file_is_proven_without_being_there(project: Path) -> None:
    before = {path.name for path in project.iterdir()}
    prove(project, "it('holds')")
    assert {path.name for path in project.iterdir()} == before | {"runs"}


def test_the_first_red_run_is_the_last(project: Path) -> None:
    said = prove(project, "it('is red')")
    assert (said["stage"], said["failed"]) == ("first", ["is in new.test.ts"])
    assert len(runs(project)) == 1


def test_a_test_that_depends_on_the_order_is_told_apart(project: Path) -> None:
    said = prove(project, "it('is unsteady')")
    assert (said["stage"], said["failed"]) == ("shuffled", ["is in new.test.ts"])


def test_after_a_file_that_leaks_generated_ones_run_too(project: Path) -> None:
    prove(project, "it('leaks')")
    assert runs(project)[10:] == [*THEIRS, "made.test.ts in order UTC", "new.test.ts covered ../a.ts UTC"]


def test_a_file_that_does_not_compile_is_told_with_the_words_of_the_compiler(project: Path) -> None:
    said = prove(project, 'const n: number = "text";')
    assert (said["stage"], said["broken"]) == ("first", ["new.test.ts:7:9 - error TS2322\n"])


def test_what_fails_after_its_test_is_told_with_the_run(project: Path) -> None:
    asked = {
        "root": str(project),
        "targets": ["a.ts"],
        "test": "new.test.ts",
        "files": {"new.test.ts": "it('is late')"},
        "marker": "generated",
        "form": "import",
    }
    suite = {"failed": [], "broken": [], "coverage": {}}
    script = """
        require(here + 'strays.cjs').keepStrays();
        process.removeAllListeners('unhandledRejection'); // as Jest does
        return require(here + 'prove.cjs').prove(given[0]);"""
    said = node(script, {**asked, "suite": suite})
    assert said["stage"] == "first"
    assert said["broken"][0].startswith("Error: too late")


def test_a_package_that_loads_domain_can_be_loaded_where_strays_are_kept() -> None:
    script = """
        const { keepStrays, gathered } = require(here + 'strays.cjs');
        keepStrays();
        require('domain');
        require('repl'); // as ts-node does, which reads a jest.config.ts
        setImmediate(() => { throw new Error('too late'); });
        return (await gathered()).map((one) => one.split('\\n')[0]);"""
    assert node(script) == ["Error: too late"]


def test_chance_repeats_itself_for_the_same_case_and_never_within_one() -> None:
    script = """
        const { chance } = require(here + 'chance.cjs');
        const some = (seed) => { const next = chance(seed); return Array.from({ length: 1000 }, () => next()); };
        const [one, again, other] = [some(1), some(1), some(2)];
        const isFair = one.every((each) => each >= 0 && each < 1) && one.some((each) => each < 0.1);
        return [new Set(one).size, isFair, `${one}` === `${again}`, one.some((each, at) => each === other[at])];"""
    assert node(script) == [1000, True, True, False]


def test_another_text_at_the_same_place_is_another_file(project: Path) -> None:
    script = """
        const { lay } = require(here + 'virtual.cjs');
        const fs = require('node:fs');
        const seen = [];
        for (const text of ['one', 'two']) {
          lay({ '/nowhere/a.ts': text });
          seen.push([fs.readFileSync('/nowhere/a.ts', 'utf8'), fs.statSync('/nowhere/a.ts').mtimeMs]);
        }
        lay({});
        return [seen[0][0], seen[1][0], seen[0][1] !== seen[1][1], fs.existsSync('/nowhere/a.ts')];"""
    assert node(script) == ["one", "two", True, False]


def test_a_file_that_jest_does_not_look_for_is_told(project: Path) -> None:
    assert prove(project, "it('holds')", test="new.ts")["stage"] == "unseen"
    assert not (project / "runs").exists()


def test_a_native_module_that_loads_copies_of_another_one_is_told(project: Path) -> None:
    assert prove(project, "jest.isolateModules(() => {});", test="new.test.mts")["stage"] == "module"
    assert not (project / "runs").exists()


def test_the_suite_is_what_people_wrote(project: Path) -> None:
    (project / "old.test.ts").write_text("it('is red')\n")
    asked = {"root": str(project), "marker": "orchestrate: generated"}
    said = node("return require(here + 'suite.cjs').suite(given[0]);", asked)
    assert (said["tests"], said["failed"]) == (2, ["is in old.test.ts"])


@pytest.mark.parametrize(
    ("script", "config"),
    [("jest", None), ("jest --config test/jest.json --silent", "test/jest.json"), ("x && jest -c=a.js", "a.js")],
)
def test_the_configuration_is_the_one_that_the_project_tests_with(project: Path, script: str, config: Any) -> None:
    (project / "package.json").write_text(json.dumps({"scripts": {"test": script}}))
    read = "const { open } = require(here + 'project.cjs'); return (await open(given[0])).globalConfig.config ?? null;"
    assert node(read, str(project)) == (config and str(project / config))


def test_an_argument_is_seen_as_it_is_but_for_objects_that_learn() -> None:
    script = """
        const { Draws } = require(here + 'draws.cjs');
        const draws = new Draws({ hints: { compared: {}, numbers: [] } }, {});
        const text = { k: 'string' };
        const row = draws.learn(['id'], () => 'row-1', () => false);
        const signal = new AbortController().signal;
        const seen = draws.seen({ rows: [row], kept: new Set([row]), signal });
        return [seen.rows, [...seen.kept], seen.signal === signal];"""
    assert node(script) == [[{"id": "row-1"}], [{"id": "row-1"}], True]


def test_what_stands_for_a_service_is_written_down_as_its_name_and_found_by_it() -> None:
    script = """
        const { encode, decode, hand } = require(here + 'values.cjs');
        const services = { find: () => 1 };
        const now = () => 2;
        hand('services', services);
        hand('now', now);
        const written = encode({ viewer: null, services, now });
        return [written, decode(written).services === services, decode(written).now === now];"""
    written = {"viewer": None, "services": {"$given": "services"}, "now": {"$given": "now"}}
    assert node(script) == [written, True, True]


def test_a_response_gives_itself_back_and_each_call_counts() -> None:
    script = """
        const { Outside } = require(here + 'outside.cjs');
        const lines = [];
        const outside = new Outside({ answer: (line) => { lines.push(line); } });
        const response = outside.fluent('res');
        return [response.status(404).json({ id: 1 }) === response, lines];"""
    assert node(script) == [True, ["res.status(404)", "res.json({ id: 1 })"]]


def test_of_an_error_that_is_passed_on_it_does_not_count_where_it_was_made() -> None:
    script = """
        const { Outside } = require(here + 'outside.cjs');
        const lines = [];
        new Outside({ answer: (line) => { lines.push(line); } }).told('next')(new TypeError('no'));
        return lines;"""
    assert node(script) == ["next([TypeError: no])"]


CALLS = """
    const { subjectsOf, actOf } = require(here + 'acts.cjs');
    class Refusal extends Error {
      constructor(status) {
        if (!status) throw new RangeError('no status');
        super('refused');
        Object.assign(this, { status, hidden: 1 });
      }
      text() { return 'refused'; }
    }
    const act = (subject, status) => {
      try {
        const give = { construct: () => [status], args: () => [], before: () => [] };
        return actOf('call')({ request: { model: {} }, subject, give, load: () => ({ module: { Refusal } }) });
      } catch (error) {
        return error.name;
      }
    };
    const methods = [{ name: 'text', params: [], isStatic: false, isAsync: false }];
    const shows = ['message', 'status', 'cause'];
    const own = { name: 'Refusal', params: [{ shape: 'value' }], methods, isAbstract: false, shows, base: 'Error' };"""


def test_making_an_object_is_tried_on_its_own_and_shows_what_anybody_may_read() -> None:
    script = f"""{CALLS}
        const facts = {{ functions: [], classes: [own], fastify: null, loading: null, graphql: null }};
        const subjects = await subjectsOf({{ model: facts }}, () => []);
        return [subjects.map(({{ fn }}) => fn), act(subjects[0], 404), act(subjects[0], 0), act(subjects[1], 404)];"""
    assert node(script) == [["constructor", "text"], {"message": "refused", "status": 404}, "RangeError", "refused"]


def test_that_an_object_cannot_be_made_is_no_behaviour_of_its_methods() -> None:
    script = f"{CALLS} return act({{ owner: 'Refusal', fn: 'text', construct: [], params: [] }}, 0);"
    assert node(script) == "Unmade"


def test_nobody_sends_a_request_without_the_headers_that_are_read() -> None:
    script = """
        const { Draws } = require(here + 'draws.cjs');
        const hints = { headers: ['authorization'], numbers: [], strings: [], compared: {} };
        const draws = new Draws({ hints }, {});
        const somebody = draws.headers('arg:request.headers').authorization;
        draws.isAnonymous = true;
        return [somebody, { ...draws.headers('arg:request.headers') }];"""
    assert node(script) == ["Bearer token-1", {}]


def test_tests_do_not_see_the_arguments_of_the_process_that_runs_them(tmp_path: Path) -> None:
    place = tmp_path / "asked"
    place.mkdir()
    (place / "ask-1.json").write_text('{"what": "end"}')
    (tmp_path / "shown.cjs").write_text("process.on('exit', () => console.log(process.argv.length));")
    argv = ["node", "--require", str(tmp_path / "shown.cjs"), str(HERE / "worker.cjs"), str(place)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60, env=_environ())
    assert done.stdout.splitlines()[-1] == "2"


def test_an_endless_try_ends_the_process_and_leaves_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.ts").write_text("")
    script = f"""
        const {{ watch }} = require({json.dumps(str(HERE))} + '/watch.cjs');
        const {{ begin }} = watch({json.dumps(str(tmp_path / "endless"))}, {json.dumps(str(tmp_path / "a.ts"))});
        begin('the first');
        setTimeout(() => {{ begin('round and round'); for (;;); }}, 400);"""
    done = subprocess.run(["node", "-e", script], timeout=60, env=_environ(), check=False)
    assert done.returncode == -9
    assert (tmp_path / "endless").read_text() == "round and round"


def test_of_what_a_module_exports_as_much_is_written_down_as_can_be() -> None:
    script = """
        const { act } = require(here + 'kinds/data.cjs');
        const { encode } = require(here + 'values.cjs');
        class Pool {}
        const module = { sizes: [1, 2], open: () => 1, made: { pool: new Pool(), name: 'x' }, long: 'x'.repeat(5000) };
        return encode(act({ request: { model: { data: Object.keys(module) } }, load: () => ({ module }) }));"""
    something = {"$something": True}
    made = {"pool": something, "name": "x"}
    assert node(script) == {"sizes": [1, 2], "open": {"$function": True}, "made": made, "long": something}


def test_an_application_that_cannot_be_built_from_the_least_is_built_from_all() -> None:
    script = """
        const { subjects } = require(here + 'kinds/app.cjs');
        const { optionsOf } = require(here + 'server.cjs');
        const { Draws } = require(here + 'draws.cjs');
        const application = { params: [] };
        let tries = 0;
        const discover = async () => { tries += 1; if (tries === 1) throw new Error('it needs a name'); return []; };
        await subjects({ model: { application } }, discover);
        const hints = { numbers: [], lengths: [], ages: [], strings: [], words: [], compared: {}, parsed: [] };
        const option = { name: 'title', local: 'title', shape: 'value', optional: true, type: { k: 'string' } };
        const give = { input: (_name, make) => make(new Draws({ hints }, {})) };
        const logger = optionsOf({ options: [{ name: 'log', isLogger: true }] }, null, give).log;
        const least = optionsOf({ options: [option] }, null, give);
        const all = optionsOf({ options: [option], isWhole: application.isWhole }, null, give);
        return [tries, least, all, logger.child().info('said') ?? 'nothing'];"""
    assert node(script) == [2, {}, {"title": "Night Owls"}, "nothing"]


@pytest.mark.parametrize(
    ("check", "environment"),
    [
        pytest.param(
            "for (const name of ['SHOP_PORT', 'SHOP_URL']) if (!env[name]) throw new Error(`no ${name}`);",
            {"SHOP_PORT": "100", "SHOP_URL": "http://service.test"},
            id="names what it misses",
        ),
        pytest.param(
            "if (!env.SHOP_PORT || !env.SHOP_URL || env.SHOP_LEVEL) throw new Error('refused');",
            {"SHOP_PORT": "100", "SHOP_URL": "http://service.test"},
            id="says nothing",
        ),
        pytest.param("if (env.SHOP_PORT !== '1') throw new Error('refused');", {"SHOP_PORT": "1"}, id="asks for more"),
        pytest.param(
            "if (!env.SHOP_PORT || !env.SHOP_URL) throw new Error('refused');",
            {"SHOP_PORT": "100", "SHOP_URL": "http://service.test"},
            id="does not mind more",
        ),
        pytest.param("throw new Error('never');", None, id="lets nothing pass"),
    ],
)
def test_the_fewest_variables_are_found_that_an_application_asks_for(check: str, environment: Any) -> None:
    script = """
        const { environmentFor } = require(here + 'environments.cjs');
        const hints = { numbers: [], lengths: [], ages: [], strings: [], words: ['calm'], compared: {}, parsed: [] };
        const loads = async (env) => new Function('env', given[0])(env);
        return environmentFor({ hints }, ['SHOP_LEVEL', 'SHOP_PORT', 'SHOP_URL'], loads);"""
    assert node(script, check) == environment


@pytest.mark.parametrize(("version", "can"), [("28.1.3", False), ("29.3.1", False), ("29.5.0", True), ("30.0.3", True)])
def test_a_jest_that_cannot_shuffle_is_given_what_does(project: Path, version: str, can: bool) -> None:
    (project / "node_modules" / "jest" / "package.json").write_text(json.dumps({"version": version}))
    script = """
        const { open } = require(here + 'project.cjs');
        const own = await open(given[0]);
        const test = given[0] + '/old.test.ts';
        const seen = [];
        own.context = async (config) => { seen.push(config.setupFilesAfterEnv ?? []); return { config }; };
        for (const seed of [null, 1]) await own.run(own.configs[0], test, { seed });
        return seen.map((files) => files.map((one) => require('node:path').basename(one)));"""
    assert node(script, str(project)) == [[], [] if can else ["shuffle.cjs"]]


def test_all_tests_of_a_file_are_put_into_another_order_and_the_same_one_for_the_same_seed() -> None:
    script = """
        const order = (seed) => {
          const tests = (name) => ({ name, children: [...'abcdef'].map((one) => ({ name: name + one })) });
          const rootDescribeBlock = { children: [...'123456'].map(tests) };
          const symbol = Symbol('JEST_STATE_SYMBOL');
          globalThis[symbol] = { rootDescribeBlock };
          globalThis.beforeAll = (work) => work();
          process.env.ORCHESTRATE_SEED = String(seed);
          delete require.cache[require.resolve(here + 'shuffle.cjs')];
          require(here + 'shuffle.cjs');
          delete globalThis[symbol];
          return rootDescribeBlock.children.map(({ children }) => children.map(({ name }) => name));
        };
        return [order(1), order(1), order(2)];"""
    first, again, other = node(script)
    assert first == again != other
    assert sorted(map(sorted, first)) == sorted(map(sorted, other))
    assert [one[0][0] for one in first] != list("123456")
    assert any(one != sorted(one) for one in first)


def test_of_a_response_it_does_not_count_where_its_error_was_made() -> None:
    script = """
        const { recorded } = require(here + 'server.cjs');
        const headers = { 'content-type': 'application/json' };
        return recorded({ statusCode: 500, headers, body: JSON.stringify(given[0]) }).body;"""
    said = {"all": [{"stack": "Error: no\n    at go (/a/b.ts:1:2)"}], "text": "at home\n at 9"}
    assert node(script, said) == {"all": [{"stack": {"$text": True}}], "text": "at home\n at 9"}
