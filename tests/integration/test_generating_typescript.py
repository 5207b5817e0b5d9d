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
import json, os, re, sys
from pathlib import Path
answers = Path(__file__).parents[1] / "answers"
if "ORCHESTRATE_REQUEST" in os.environ:
    request = json.loads(Path(os.environ["ORCHESTRATE_REQUEST"]).read_text())
    answer = answers / (request["mode"] + ".json")
    Path(request["result"]).write_text(answer.read_text()) if answer.exists() else print("Error: it breaks")
elif sys.argv[1].endswith("analyse.cjs"):
    Path(sys.argv[3]).write_text((answers / "analyse.json").read_text())
else:
    result = next(one.split("=", 1)[1] for one in sys.argv if one.startswith("--outputFile="))
    file = next((one for one in sys.argv if "pending-" in one), None)
    text = Path(file).read_text() if file else ""
    bad = (answers / "bad").read_text().splitlines() if (answers / "bad").exists() else []
    names = ["Shop.price " + one for one in re.findall(r"  it\\\\('(.*)', async", text)]
    tests = [dict(fullName=one, status="failed" if one in bad else "passed") for one in names]
    files = [dict(status="passed", message="", assertionResults=tests)]
    Path(result).write_text(json.dumps(dict(numPassedTests=len(tests), testResults=files)))
    with (answers / "runs").open("a") as runs:
        runs.write("".join(one for one in sys.argv if one.startswith("--seed")) + os.environ["TZ"] + "\\\\n")
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
    facts = {"target": TARGET, "imports": [], "functions": [], "others": [], "sites": {}, "usesClock": False}
    return {**facts, "classes": [own]}


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
        self.bench.write(f"answers/{stage}.json", json.dumps(data))

    def fail(self, *names: str) -> None:
        self.bench.write("answers/bad", "\n".join(names))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def task(**fields: Any) -> GenerationTask:
    given = {"id": "1", "name": "t", "type": "test_generation", "target": TARGET, "test_file": TEST_FILE, **fields}
    return GenerationTask(**given)


def test_a_run_writes_what_a_preview_foresees_and_nothing_beside_it(shop: Shop) -> None:
    (foreseen,) = shop.bench.preview(task())
    assert (foreseen.status, foreseen.change and foreseen.change.summary) == ("may_run", "about 2 cases for 1 function")
    done = shop.bench.attempt(task())
    assert done.summary == "2 cases: coverage unknown, 2 of 3 mutants noticed"
    assert [path.name for path in (shop.bench.root / "src" / "__tests__").iterdir()] == ["shop.test.ts"]
    text = shop.bench.read(TEST_FILE)
    assert "import type { Knex } from 'knex';\nimport { Shop } from '../shop';" in text
    assert "[\"db('prices').where({ id: 'a' }).first()\", { price: 1 }]" in text
    assert "await expect(service.price('a')).resolves.toBe(1);" in text
    assert "service.price('c')" not in text


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


def test_tests_are_proven_in_order_shuffled_in_other_time_zones_and_with_all_others(shop: Shop) -> None:
    shop.bench.attempt(task())
    runs = shop.bench.read("answers/runs").splitlines()
    assert runs[0] == runs[-1] == "UTC"
    assert runs[1:6] == ["UTC"] * 5
    assert [run[: len("--seed=1")] for run in runs[6:11]] == [f"--seed={number}" for number in range(1, 6)]
    assert {"--seed=1America/New_York", "--seed=2Asia/Tokyo", "--seed=3UTC"} <= set(runs)


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
    (shop.bench.root / "answers" / "search.json").unlink()
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


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"test_type": "e2e"}, "tests of the kind `e2e` are not covered yet"),
        ({"test_type": "route"}, "tests of the kind `route` are not covered yet"),
        ({"target": "src"}, "directories are not covered yet"),
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


def test_a_target_that_exports_nothing_to_call_is_refused(shop: Shop) -> None:
    shop.answer("analyse", {**model(), "classes": []})
    code, _ = shop.bench.failure(task())
    assert code == "generation/not-covered"


@pytest.mark.long
def test_tests_of_a_real_service_pass_and_come_out_the_same_twice(tmp_path: Path) -> None:
    project = tmp_path / "platform"
    shutil.copytree(SAMPLE, project)
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=project, check=True, capture_output=True)
    made = []
    for _ in range(2):
        (project / "src/services/__tests__/search.service.test.ts").unlink(missing_ok=True)
        argv = [sys.executable, "-m", "orchestrator.cli.main", "generate", "tests", "src/services/search.service.ts"]
        done = subprocess.run([*argv], cwd=project, check=True, capture_output=True, text=True)
        made.append((project / "src/services/__tests__/search.service.test.ts").read_text())
        assert "100 % of functions" in done.stdout
    assert made[0] == made[1]


def test_what_somebody_writes_while_tests_are_generated_is_not_overwritten(shop: Shop) -> None:
    mine = shop.bench.root / TEST_FILE
    shop.bench.write("bin/node.real", NODE, 0o755)
    lines = ("#!/bin/sh", f"/bin/mkdir -p {mine.parent}", f"echo '// mine' > {mine}")
    script = "\n".join((*lines, f'exec {shop.bench.root}/bin/node.real "$@"\n'))
    shop.bench.write("bin/node", script, 0o755)
    assert shop.bench.failure(task())[0] == "task/conflict"
    assert shop.bench.read(TEST_FILE) == "// mine\n"
