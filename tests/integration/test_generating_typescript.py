"""Tests for TypeScript: the pipeline beside a stand-in for node that answers from records; at length, the real one."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from orchestrator.handlers.test_generation import TestGenerationTask as GenerationTask
from tests.support.bench import Bench

SAMPLE = Path(__file__).parents[2] / "examples" / "community-platform"
TARGET = "src/shop.ts"
TEST_FILE = "src/__tests__/shop.test.ts"
SOURCE = """export class Shop {
  constructor(private readonly db: Db) {}
  async price(id: string) { return id ? 1 : 0; }
}
"""

NODE = f"""#!{sys.executable}
import json, os, re, sys, time
from pathlib import Path
answers = Path(__file__).parents[1] / ".answers"
place = Path(sys.argv[-1])


def explore(asked):
    print("progress: half of the " + asked["mode"], flush=True)
    answer = answers / (asked["mode"] + ".json")
    if answer.exists():
        Path(asked["result"]).write_text(answer.read_text())
    return dict(isDone=answer.exists(), output="Error: it breaks")


def suite(asked):
    with (answers / "suites").open("a") as suites:
        suites.write("one ")
    found = dict(failed=["is red"], broken=[], coverage={{}})
    return json.loads((answers / "suite.json").read_text()) if (answers / "suite.json").exists() else found


def prove(asked):
    (text,) = asked["files"].values()
    bad = (answers / "bad").read_text().splitlines() if (answers / "bad").exists() else []
    names = ["Shop.price " + one for one in re.findall(r"  it\\('(.*)', async", text)]
    (answers / "asked.json").write_text(json.dumps(asked))
    failed = [one for one in names if one in bad]
    fresh = [one for one in bad if one.startswith("theirs") and (number == 2 or "cold" not in one)]
    with (answers / "proofs").open("a") as proofs:
        proofs.write(f"{{number}} ")
    stage = next((one for one in bad if one in ("unseen", "module")), "first" if failed else None)
    covered = dict(lines=100, branches=50, functions=25)
    return dict(stage=stage, texts=asked["files"], failed=failed, broken=[], fresh=fresh, coverage=covered)


def flow(_):
    return json.loads((answers / "flow.json").read_text())


def analyse(asked):
    place = answers / (asked["target"].replace("/", "-") + ".json")
    if place.exists():
        return json.loads(place.read_text())
    return json.loads((answers / "analyse.json").read_text())


tools = dict(explore=explore, flow=flow, suite=suite, prove=prove, analyse=analyse)
number = 1
while True:
    ask = place / f"ask-{{number}}.json"
    if not ask.exists():
        time.sleep(0.005)
        continue
    asked = json.loads(ask.read_text())
    if (answers / ("dies in " + asked["what"])).exists():
        sys.exit("TypeError: it died")
    (place / "answer").write_text(json.dumps(tools[asked["what"]](asked)))
    (place / "answer").rename(place / f"answer-{{number}}.json")
    print("done", flush=True)
    number += 1
""".replace("\\\\", "\\")


def recorded(name: str, value: Any, **fields: Any) -> dict[str, Any]:
    params = [{"name": "id", "optional": False, "type": {"k": "string"}}]
    step = [f"db('prices').where({{ id: '{name}' }}).first()", {"price": value}]
    return {
        "owner": "Shop",
        "fn": "price",
        "params": params,
        "isStatic": False,
        "isAsync": True,
        "given": [{"$double": "db"}],
        "args": [name],
        "values": {},
        "script": [step],
        "value": value,
        "choices": [],
        "bits": [name],
        "outcome": name,
        "isSpare": False,
        **fields,
    }


def model() -> dict[str, Any]:
    params = [{"name": "db", "shape": "query", "typeName": "Knex", "from": {"specifier": "knex", "kind": "named"}}]
    methods = [{"name": "price", "isAsync": True, "params": [], "isStatic": False}]
    own = {"name": "Shop", "params": params, "methods": methods, "isAbstract": False}
    facts = {"target": TARGET, "files": [TARGET], "imports": [], "functions": [], "others": [], "sites": {}}
    return {**facts, "usesClock": False, "givens": {}, "classes": [own]}


class Shop:
    """A project whose node is a stand-in."""

    def __init__(self, base: Path) -> None:
        self.bench = Bench(base, environ={"PATH": str(base / "project" / "bin")})
        self.bench.write("bin/node", NODE, 0o755)
        self.bench.write(TARGET, SOURCE)
        for name in ("typescript", "jest"):
            self.bench.write(f"node_modules/{name}/package.json", "{}")
        self.answer("analyse", model())
        cases = [recorded("a", 1), recorded("b", 2), recorded("c", 2, bits=["b"], outcome="b")]
        self.answer("search", {"cases": cases, "proposed": 4, "dropped": {"search: too odd": 1}, "truncated": False})
        self.answer("mutate", {"kills": [[0], [1], []], "mutants": [{}, {}, {}], "truncated": False})

    def answer(self, stage: str, data: Any) -> None:
        self.bench.write(f".answers/{stage}.json", json.dumps(data))

    def fail(self, *names: str) -> None:
        self.bench.write(".answers/bad", "\n".join(names))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def task(**fields: Any) -> GenerationTask:
    given = {"id": "1", "name": "t", "type": "test_generation", "target": TARGET, "test_file": TEST_FILE, **fields}
    return GenerationTask(**given)


def test_a_python_file_is_seen_to_be_one(shop: Shop) -> None:
    shop.bench.write("src/shop.py", "def price(name: str) -> int:\n    return len(name)\n")
    fields = {"target": "src/shop.py", "test_file": "src/test_shop.py"}
    (said,), (seen,) = (shop.bench.preview(task(**fields, **more)) for more in ({"language": "python"}, {}))
    assert seen.change == said.change
    assert "1 function" in str(seen.change)
    assert "no function" in str(shop.bench.preview(task(**fields, language="typescript"))[0].change)


def test_a_run_writes_what_a_preview_foresees_and_nothing_beside_it(shop: Shop) -> None:
    (foreseen,) = shop.bench.preview(task())
    assert (foreseen.status, foreseen.change and foreseen.change.summary) == ("may_run", "about 2 cases for 1 function")
    done = shop.bench.attempt(task())
    assert done.summary == "2 cases: 100 % of lines, 50 % of branches, 25 % of functions, 2 of 3 mutants noticed"
    assert [path.name for path in (shop.bench.root / "src" / "__tests__").iterdir()] == ["shop.test.ts"]
    text = shop.bench.read(TEST_FILE)
    assert "import type { Knex } from 'knex';\nimport { Shop } from '../shop';" in text
    assert "[\"db('prices').where({ id: 'a' }).first()\", { price: 1 }]" in text
    assert "await expect(service.price('a')).resolves.toBe(1);" in text
    assert "service.price('c')" not in text


def test_what_is_called_before_stands_before_the_call_that_is_tested(shop: Shop) -> None:
    number = {"name": "count", "optional": False, "type": {"k": "number"}}
    calls = [
        {"name": "restock", "args": [2], "params": [number], "isAsync": True},
        {"name": "close", "args": [], "params": [], "isAsync": False},
    ]
    shop.answer("search", {"cases": [recorded("a", 1, before=calls)], "proposed": 1, "dropped": {}, "truncated": False})
    shop.answer("mutate", {"kills": [[0]], "mutants": [{}], "truncated": False})
    shop.bench.attempt(task())
    lines = [line.strip() for line in shop.bench.read(TEST_FILE).splitlines()]
    at = lines.index("await service.restock(2);")
    assert lines[at : at + 4] == [
        "await service.restock(2);",
        "service.close();",
        "",
        "await expect(service.price('a')).resolves.toBe(1);",
    ]


def test_how_far_a_search_is_can_be_watched(shop: Shop) -> None:
    shop.bench.attempt(task())
    told = [line for line in shop.bench.output.splitlines() if line.startswith("half")]
    assert told == ["half of the search", "half of the mutate"]


def made(given: int, value: Any, **fields: Any) -> dict[str, Any]:
    """A record of making an object."""
    own = {"owner": "OutOfStock", "fn": "constructor", "params": [], "args": [], "given": [given], "script": []}
    shown = {"isAsync": False, "shows": ["message", "left"], "base": "ShopError"}
    return recorded(str(given), value, **own, **shown, **fields)


def test_what_an_object_shows_and_what_it_cannot_be_made_of_are_tested(shop: Shop) -> None:
    params = [{"name": "left", "shape": "value", "type": {"k": "number"}, "optional": False}]
    own = {"params": params, "methods": [], "isAbstract": False, "base": "ShopError", "shows": ["message", "left"]}
    classes = [{**own, "name": "OutOfStock"}, {**own, "name": "ShopError", "base": "Error"}]
    shop.answer("analyse", {**model(), "classes": classes})
    refused = made(-1, None, error={"name": "RangeError", "message": "less than none", "props": {}})
    cases = [made(2, {"message": "gone", "left": 2}), refused]
    shop.answer("search", {"cases": cases, "proposed": 2, "dropped": {}, "truncated": False})
    shop.answer("mutate", {"kills": [[0], [1]], "mutants": [{}, {}], "truncated": False})
    shop.bench.attempt(task())
    text = shop.bench.read(TEST_FILE)
    assert "import { OutOfStock, ShopError } from '../shop';" in text
    assert "expect(made).toBeInstanceOf(ShopError);" in text
    assert "expect(made).toMatchObject({ message: 'gone', left: 2 });" in text
    wanted = "{ name: 'RangeError', message: 'less than none' }"
    assert f"expect(() => new OutOfStock(-1)).toThrow(expect.objectContaining({wanted}));" in text
    assert "Outside" not in text


def test_an_object_that_needs_no_services_is_made_in_its_test(shop: Shop) -> None:
    own = {**model()["classes"][0], "params": []}
    shop.answer("analyse", {**model(), "classes": [own]})
    cases = [recorded("a", 1, given=[], script=[])]
    shop.answer("search", {"cases": cases, "proposed": 1, "dropped": {}, "truncated": False})
    shop.answer("mutate", {"kills": [[0]], "mutants": [{}], "truncated": False})
    shop.bench.attempt(task())
    text = shop.bench.read(TEST_FILE)
    assert "const subject = new Shop();\n\n    await expect(subject.price('a')).resolves.toBe(1);" in text
    assert "Outside" not in text


def test_where_the_project_lies_is_asked_and_not_written_down(shop: Shop) -> None:
    cases = [recorded("a", "<root>/src/a", script=[["files.read('<root>/b')", 1]])]
    shop.answer("search", {"cases": cases, "proposed": 1, "dropped": {}, "truncated": False})
    shop.answer("mutate", {"kills": [[0]], "mutants": [{}], "truncated": False})
    shop.bench.attempt(task())
    text = shop.bench.read(TEST_FILE)
    assert "const projectRoot = resolve(__dirname, '../..');" in text
    assert "[`files.read('${projectRoot}/b')`, 1]" in text
    assert ".resolves.toBe(`${projectRoot}/src/a`)" in text


def test_timers_of_a_target_end_with_their_test(shop: Shop) -> None:
    shop.bench.attempt(task())
    assert "clearTimeout" not in shop.bench.read(TEST_FILE)
    (shop.bench.root / TEST_FILE).unlink()
    shop.answer("analyse", {**model(), "usesTimers": True})
    shop.bench.attempt(task())
    assert "begun.forEach(({ value }) => clearTimeout(value));" in shop.bench.read(TEST_FILE)


def test_what_was_generated_is_satisfied_until_its_target_changes(shop: Shop) -> None:
    shop.bench.attempt(task())
    assert shop.bench.plan(task()).is_empty
    shop.bench.write(TARGET, SOURCE + "\n")
    assert not shop.bench.plan(task()).is_empty


@pytest.mark.parametrize("edit", [lambda text: text + "// mine\n", lambda _: "it('is mine');\n"])
def test_what_a_person_wrote_stays(shop: Shop, edit: Any) -> None:
    shop.bench.attempt(task())
    shop.bench.write(TEST_FILE, edit(shop.bench.read(TEST_FILE)))
    change = shop.bench.plan(task())
    assert change.is_empty
    assert "by a person" in change.summary


def test_the_tests_that_people_wrote_are_run_once_for_all_targets(shop: Shop) -> None:
    shop.bench.write("src/other.ts", SOURCE)
    shop.bench.attempts(task(), task(id="2", target="src/other.ts", test_file="src/__tests__/other.test.ts"))
    assert shop.bench.read(".answers/suites") == "one "
    suite = json.loads(shop.bench.read(".answers/asked.json"))["suite"]
    assert suite == {"failed": ["is red"], "broken": [], "unknown": None, "coverage": {}}
    assert "look at: the project's own test fails: is red" in shop.bench.output


def test_a_suite_that_ends_the_process_is_left_out(shop: Shop) -> None:
    shop.bench.write(".answers/dies in suite", "")
    assert shop.bench.attempt(task()).status == "succeeded"
    assert "look at: the project's own tests were left out: TypeError: it died" in shop.bench.output


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        ("analyse", "the analysis ended early: TypeError: it died"),
        ("explore", "the target cannot be loaded: TypeError: it died"),
        ("prove", "the tests did not end: TypeError: it died"),
    ],
)
def test_a_stage_that_ends_the_process_is_told_with_its_last_words(shop: Shop, stage: str, message: str) -> None:
    shop.bench.write(f".answers/dies in {stage}", "")
    assert shop.bench.failure(task()) == ("generation/target-broken", message)
    assert not (shop.bench.root / "src" / "__tests__").exists()


def test_a_file_that_jest_does_not_look_for_is_refused(shop: Shop) -> None:
    shop.fail("unseen")
    message = f"the project's Jest does not look for tests at `{TEST_FILE}`"
    assert shop.bench.failure(task()) == ("generation/nothing-holds", message)


def test_a_native_module_is_refused(shop: Shop) -> None:
    shop.fail("module")
    message = f"`{TEST_FILE}` is an ES module to Jest, in which no copy of a module can be loaded"
    assert shop.bench.failure(task()) == ("generation/not-covered", message)


def test_tests_that_break_a_test_of_a_person_are_not_written(shop: Shop) -> None:
    shop.fail("theirs breaks")
    message = f"after the tests of `{TARGET}`, `theirs breaks` fails"
    assert shop.bench.failure(task()) == ("generation/nothing-holds", message)
    assert not (shop.bench.root / TEST_FILE).exists()


def test_what_fails_only_in_a_process_that_has_run_much_is_nobodys_fault(shop: Shop) -> None:
    shop.fail("theirs breaks, but not in a cold process")
    assert shop.bench.attempt(task()).status == "succeeded"
    assert shop.bench.read(".answers/proofs") == "2 1 "


def test_a_case_that_fails_is_left_out_and_counted(shop: Shop) -> None:
    shop.fail("Shop.price returns 2")
    assert shop.bench.attempt(task()).evidence["dropped"]["validate: fails"] == 1
    assert "service.price('b')" not in shop.bench.read(TEST_FILE)


def test_when_no_case_holds_nothing_is_written(shop: Shop) -> None:
    shop.fail("Shop.price returns 1", "Shop.price returns 2")
    code, message = shop.bench.failure(task())
    assert code == "generation/nothing-holds"
    assert "2 validate: fails" in message
    assert not (shop.bench.root / "src" / "__tests__").exists()


def test_a_syntax_error_is_told_with_its_cause(shop: Shop) -> None:
    shop.answer("analyse", {"broken": {"message": "';' expected.", "line": 3, "column": 7}})
    assert shop.bench.failure(task()) == ("generation/target-broken", f"`{TARGET}`: ';' expected.")


def test_a_target_that_cannot_be_loaded_is_told_with_its_cause(shop: Shop) -> None:
    shop.answer("search", {"broken": "no DATABASE_URL (in src/env.ts)", "proposed": 0, "dropped": {}, "cases": []})
    code, message = shop.bench.failure(task())
    assert code == "generation/target-broken"
    assert message.endswith("cannot be loaded: no DATABASE_URL (in src/env.ts)")


def test_a_search_that_ends_without_a_result_tells_what_jest_said(shop: Shop) -> None:
    (shop.bench.root / ".answers" / "search.json").unlink()
    assert shop.bench.failure(task()) == ("generation/target-broken", "the target cannot be loaded: Error: it breaks")


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("bin/node", "`node` is not installed"),
        ("node_modules/jest", "the project has no package `jest` in `node_modules`"),
        ("node_modules/typescript", "the project has no package `typescript` in `node_modules`"),
    ],
)
def test_a_missing_tool_is_named(shop: Shop, missing: str, message: str) -> None:
    shutil.rmtree(shop.bench.root / missing) if "modules" in missing else (shop.bench.root / missing).unlink()
    assert shop.bench.failure(task()) == ("generation/tool-missing", message)


@pytest.mark.parametrize(("name", "version", "oldest"), [("jest", "27.5.1", "28.0"), ("typescript", "3.9.6", "4.5")])
def test_a_tool_of_another_age_is_refused_with_its_version(shop: Shop, name: str, version: str, oldest: str) -> None:
    place = shop.bench.root / "node_modules" / name / "package.json"
    place.write_text(json.dumps({"version": version}))
    message = f"the project has `{name}` {version}, which lacks what generating needs"
    assert shop.bench.failure(task()) == ("generation/tool-missing", message)
    place.write_text(json.dumps({"version": f"{oldest}.0"}))
    assert "2 cases" in str(shop.bench.attempt(task()).summary)


def test_vitest_instead_of_jest_is_refused_by_its_name(shop: Shop) -> None:
    (shop.bench.root / "node_modules" / "jest").rename(shop.bench.root / "node_modules" / "vitest")
    assert shop.bench.failure(task()) == ("generation/not-covered", "tests that Vitest runs are not covered")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"target": "src", "language": "python"}, "directories are not covered yet"),
    ],
)
def test_what_is_not_covered_yet_is_refused(shop: Shop, fields: dict[str, str], message: str) -> None:
    (foreseen,) = shop.bench.preview(task(**fields))
    assert foreseen.status == "may_run"
    assert shop.bench.failure(task(**fields)) == ("generation/not-covered", message)


@pytest.mark.parametrize(("text", "reason"), [(None, "does not exist"), (" \n", "is empty")])
def test_a_target_without_text_is_refused(shop: Shop, text: str | None, reason: str) -> None:
    (shop.bench.root / TARGET).unlink()
    if text is not None:
        shop.bench.write(TARGET, text)
    assert shop.bench.failure(task()) == ("generation/target-missing", f"the target `{TARGET}` {reason}")


def test_a_target_that_no_person_wrote_is_refused_before_anything_runs(shop: Shop) -> None:
    shop.bench.write(TARGET, "export const a = 1;\n" * 50_000)
    message = f"`{TARGET}` has 50000 lines; files of more than 10000 are not covered"
    assert shop.bench.failure(task()) == ("generation/not-covered", message)


def test_a_target_that_exports_nothing_to_call_is_refused(shop: Shop) -> None:
    shop.answer("analyse", {**model(), "classes": []})
    code, _ = shop.bench.failure(task())
    assert code == "generation/not-covered"


SCHEMA = """import { makeExecutableSchema } from '@graphql-tools/schema';
export const schema = makeExecutableSchema({ typeDefs: `
  type Query {
    shop: Int
  }
` });
"""


def graphql() -> dict[str, Any]:
    own = {"isExecutable": True, "isScripted": True, "schema": "schema", "typeDefs": None, "isText": False, "maps": []}
    files = ["src/graphql/schema.ts", "src/graphql/a.ts"]
    facts = {**model(), "target": files[0], "files": files, "classes": []}
    return {**facts, "graphql": {**own, "context": None, "factory": None}}


def test_a_directory_with_a_schema_is_tested_as_one(shop: Shop) -> None:
    shop.bench.write("src/graphql/schema.ts", SCHEMA)
    shop.bench.write("src/graphql/a.ts", "export const a = 1;\n")
    shop.bench.write("node_modules/graphql/package.json", "{}")
    shop.answer("analyse", graphql())
    operation = {"source": "{ shop }", "variables": {}, "defaults": {}, "members": []}
    asked = {"kind": "operation", "owner": None, "fn": "query shop", "field": "shop", "args": [], "isWrong": False}
    case = recorded("a", {"data": {"shop": 1}}, **asked, operation=operation, answer={}, inputs={"variables": {}})
    case["script"] = [["resolvers.Query.shop({})", 1]]
    shop.answer("search", {"cases": [case], "proposed": 1, "dropped": {}, "truncated": False})
    shop.answer("mutate", {"kills": [[0]], "mutants": [{}], "truncated": False})
    one = task(target="src/graphql/", test_type="graphql")
    (foreseen,) = shop.bench.preview(one)
    assert foreseen.change and foreseen.change.summary == "about 4 cases for 1 operation"
    assert shop.bench.attempt(one).summary.startswith("1 cases")
    text = shop.bench.read(TEST_FILE)
    assert "// What `src/graphql/` does today" in text
    assert "describe('query shop', () => {\n  const operation = /* GraphQL */ `{ shop }`;" in text
    assert json.loads(shop.bench.read(".answers/asked.json"))["targets"] == [
        "src/graphql/schema.ts",
        "src/graphql/a.ts",
    ]
    assert shop.bench.plan(one).is_empty
    shop.bench.write("src/graphql/a.ts", "export const a = 2;\n")
    assert not shop.bench.plan(one).is_empty


def test_a_schema_without_graphql_is_refused(shop: Shop) -> None:
    shop.answer("analyse", graphql())
    message = "the project has no package `graphql` in `node_modules`"
    assert shop.bench.failure(task()) == ("generation/tool-missing", message)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("sample") / "platform"
    shutil.copytree(SAMPLE, project)
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=project, check=True, capture_output=True)
    return project


@pytest.mark.long
@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("src/services/search.service.ts", "100 % of functions"),
        ("src/routes/matching.routes.ts", "100 % of lines, 100 % of branches"),
        ("src/routes/auth.routes.ts", "100 % of lines, 100 % of branches"),  # regression: `z` is a whole module
        ("src/middleware/authenticate.ts", "100 % of lines, 100 % of branches"),
        ("src/plugins/database.ts", "100 % of lines, 100 % of branches"),
        ("src/plugins/metrics.ts", "100 % of functions, 20 of 29 mutants"),
        ("src/config/redis.ts", "100 % of lines, 100 % of branches"),
        ("src/graphql/schema.ts", "100 % of lines, 100 % of branches"),
        ("src/graphql/resolvers.ts", "100 % of lines, 94.44 % of branches"),
        ("src/graphql/context.ts", "100 % of lines, 100 % of branches"),
        ("src/graphql", "100 % of lines, 95.45 % of branches"),
    ],
)
def test_tests_of_real_code_pass_and_come_out_the_same_twice(platform: Path, target: str, told: str) -> None:
    test_file = (platform / target).parent / "__tests__" / "generated.test.ts"
    argv = [sys.executable, "-m", "orchestrator.cli.main", "generate", "tests", target]
    made = []
    for _ in range(2):
        done = subprocess.run([*argv, "--out", test_file], cwd=platform, check=True, capture_output=True, text=True)
        made.append(test_file.read_text())
        test_file.unlink()
        assert told in done.stdout
    assert made[0] == made[1]


def test_what_somebody_writes_while_tests_are_generated_is_not_overwritten(shop: Shop) -> None:
    mine = shop.bench.root / TEST_FILE
    shop.bench.write("bin/node.real", NODE, 0o755)
    lines = ("#!/bin/sh", f"/bin/mkdir -p {mine.parent}", f"echo '// mine' > {mine}")
    script = "\n".join((*lines, f'exec {shop.bench.root}/bin/node.real "$@"\n'))
    shop.bench.write("bin/node", script, 0o755)
    assert shop.bench.failure(task())[0] == "task/conflict"
    assert shop.bench.read(TEST_FILE) == "// mine\n"


ODD = """
import type { FastifyInstance } from 'fastify';
interface Store { load(id: string): Promise<{ id: string }> }
const schema = { type: 'object', required: ['name'], properties: { name: { type: 'string' } } };
export async function oddRoutes(app: FastifyInstance, { store }: { store: Store }) {
  app.get('/emptied', { schema: { response: { 200: { type: 'object', properties: {} } } } }, () => store.load('1'));
  app.post<{ Body: { note?: string } }>('/broken', { schema: { body: schema } }, async (request) => {
    const { note } = request.body;
    return { length: note!.length };
  });
  app.get('/swallowed', () => store.load('2').catch(() => ({ id: null })));
  app.get('/health', async (_request, reply) => reply.status(503).send({ ok: false }));
}
"""


@pytest.mark.long
def test_behaviour_that_a_person_should_look_at_is_told_and_stands_above_its_test(platform: Path) -> None:
    (platform / "src/odd.routes.ts").write_text(ODD)
    argv = [sys.executable, "-m", "orchestrator.cli.main", "generate", "tests", "src/odd.routes.ts"]
    done = subprocess.run(argv, cwd=platform, check=True, capture_output=True, text=True)
    assert [line.partition(": ")[2] for line in done.stderr.splitlines() if line.startswith("look at:")] == [
        "GET /emptied: the schema of the response leaves nothing of its body",
        "POST /broken: answers 500 to a request that is right",
        "POST /broken: reads note, which its schema does not declare",
        "GET /swallowed: answers 200 although store.load failed",
        "GET /health: answers 503 to a request that is right",
        "GET /health: never succeeds",
    ]
    text = (platform / "src/__tests__/odd.routes.test.ts").read_text()
    note = "  // Look at this: POST /broken: answers 500 to a request that is right."
    assert f"{note}\n  it('answers 500 with error'" in text


def test_a_directory_becomes_one_file(shop: Shop) -> None:
    shop.bench.write("src/other.ts", "export type Other = string;")
    nothing = {**model(), "target": "src/other.ts", "classes": []}
    shop.answer("src-other.ts", nothing)
    (foreseen,) = shop.bench.preview(task(target="src"))
    assert foreseen.status == "may_run"
    done = shop.bench.attempt(task(target="src"))
    assert done.summary == "2 cases: 100 % of lines, 50 % of branches, 25 % of functions, 2 of 3 mutants noticed"
    assert "describe('shop.ts', () => {\n  describe('Shop.price', () => {" in shop.bench.read(TEST_FILE)
    assert json.loads(shop.bench.read(".answers/asked.json"))["targets"] == ["src/other.ts", "src/shop.ts"]
    (again,) = shop.bench.preview(task(target="src"))
    assert (again.status, again.change and again.change.summary) == ("unchanged", f"`{TEST_FILE}` fits its target")


def test_a_broken_module_of_a_directory_is_left_out_and_told(shop: Shop) -> None:
    shop.bench.write("src/bad.ts", "export const = ;")
    shop.answer("src-bad.ts", {"broken": {"message": "an identifier is missing", "line": 1, "column": 14}})
    shop.bench.attempt(task(target="src"))
    assert "look at: left out: `src/bad.ts`: an identifier is missing" in shop.bench.output


FLOW_FILE = "tests/e2e/clubs.spec.ts"
E2E = {"target": "tests/e2e", "test_file": FLOW_FILE, "test_type": "e2e", "description": "Found a club."}


@pytest.fixture
def flow(shop: Shop) -> Shop:
    club = {"method": "POST", "url": "/clubs", "prefix": "/clubs", "payload": {"name": "Night Owls"}, "ids": []}
    routes = [{**club, "statuses": [201], "body": None, "isGuarded": False}]
    shop.answer("flow", {"file": "src/app.ts", "name": "buildApp", "needs": ["DATABASE_URL"], "routes": routes})
    shop.bench.write("src/app.ts", "export const buildApp = () => fastify();")
    return shop


def test_a_flow_without_its_services_is_generated_and_not_verified(flow: Shop) -> None:
    (foreseen,) = flow.bench.preview(task(**E2E))
    assert foreseen.status == "may_run"
    done = flow.bench.attempt(task(**E2E))
    assert (done.status, done.summary) == ("unverifiable", "generated, not verified: needs `DATABASE_URL`")
    assert "import { buildApp } from '../../src/app';" in flow.bench.read(FLOW_FILE)


def test_a_flow_with_its_services_is_run_against_them(flow: Shop) -> None:
    flow.bench.environ["DATABASE_URL"] = "postgres://localhost/clubs"
    done = flow.bench.attempt(task(**E2E))
    assert (done.status, done.summary) == ("succeeded", "held against the services: 1 case")


def test_a_flow_that_does_not_hold_is_not_written(flow: Shop) -> None:
    flow.fail("module")
    code, message = flow.bench.failure(task(**E2E))
    assert code == "generation/nothing-holds"
    assert message.startswith(f"the flow of `{FLOW_FILE}` does not hold")
    assert not (flow.bench.root / FLOW_FILE).exists()


def test_a_flow_that_fits_no_route_is_refused(flow: Shop) -> None:
    code, message = flow.bench.failure(task(**{**E2E, "test_file": "tests/e2e/payments.spec.ts"}))
    assert (code, message) == ("generation/target-missing", "no route of `src/app.ts` fits `payments`")


def test_a_project_without_an_application_has_no_flow(flow: Shop) -> None:
    flow.answer("flow", {"file": None})
    assert flow.bench.failure(task(**E2E)) == (
        "generation/not-covered",
        "no module of the project builds an application",
    )
