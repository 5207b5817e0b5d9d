"""Generic edits: what each makes of a file, when it has nothing to do, and what it says when it declines."""

from __future__ import annotations

import difflib
from functools import partial

import pytest

from orchestrator.edits.edit_lists import Edit, make
from orchestrator.edits.recipe import Edited, Satisfied, run_recipe
from orchestrator.edits.refusal import Refusal
from orchestrator.edits.text import SourceText
from orchestrator.plan.schema import adapter
from orchestrator.plan.source import Source

WORKFLOW = """\
name: CI
on:
  push:
  workflow_dispatch:
jobs:
  build:
    runs-on: ubuntu-latest  # fast enough
    steps:
      - uses: actions/checkout@v4
      - name: Install
        run: npm ci

      # the slow part
      - name: Test
        run: npm test && npm test:unit
  scan:
    runs-on: ubuntu-latest
    env: {CI: true}
    steps:
      - uses: aquasecurity/trivy-action@0.35.0
        with:
          exit-code: '0'  # not yet
"""
FILES = {
    "ci.yml": WORKFLOW,
    ".env": "A=1\n# the port\nPORT=3000\n",
    "CODEOWNERS": "* @all\n/src/ @web\n",
    "Dockerfile": 'FROM node:20\nRUN npm ci\nCMD ["node", "x"]\n',
    "setup.cfg": "[flake8]\nmax-line-length = 100\n",
    "package.json": '{\n  "name": "x",\n  "scripts": {"test": "jest"}\n}\n',
    "jest.config.js": 'module.exports = {\n  collectCoverageFrom: ["a"],\n};\n',
}


def outcome(edits: str, path: str = "ci.yml", text: str | None = None) -> Edited | Satisfied:
    made = adapter(tuple[Edit, ...]).validate_python(Source("plan.yaml", edits).data)
    return run_recipe(partial(make, edits=made), SourceText(path, FILES[path] if text is None else text))


def changes(edits: str, path: str = "ci.yml", text: str | None = None) -> list[str]:
    """Return the lines that an edit takes out and puts in; the rest must be as it was."""
    result = outcome(edits, path, text)
    assert isinstance(result, Edited)
    return diff(FILES[path] if text is None else text, result.document.source.text)


def diff(old: str, new: str) -> list[str]:
    return [line.rstrip("\n") for line in difflib.ndiff(old.splitlines(True), new.splitlines(True)) if line[0] in "+-"]


def refusal(edits: str, path: str = "ci.yml", text: str | None = None) -> str:
    with pytest.raises(Refusal) as caught:
        outcome(edits, path, text)
    return str(caught.value)


EDITS = {
    "set replaces a value and keeps its quotes and comment": (
        """- {set: "jobs.*.steps[?uses^='aquasecurity/trivy-action'].with.exit-code", value: '1'}""",
        ["-           exit-code: '0'  # not yet", "+           exit-code: '1'  # not yet"],
    ),
    "set adds a last key": (
        "- {set: jobs.build.timeout-minutes, value: 10, after: runs-on}",
        ["+     timeout-minutes: 10"],
    ),
    "set adds a last key before another": (
        "- {set: jobs.build.name, value: Build, before: runs-on}",
        ["+     name: Build"],
    ),
    "set fills a key without a value": (
        "- {set: on.push.branches, value: [main]}",
        ["+     branches:", "+       - main"],
    ),
    "set works at many places": (
        "- {set: jobs.*.timeout-minutes, value: 5, expect: many, after: runs-on}",
        ["+     timeout-minutes: 5", "+     timeout-minutes: 5"],
    ),
    "set keeps how a number is written": (
        "- {set: jobs.build.env, value: {PYTHON: 3.10}, after: runs-on}",
        ["+     env:", "+       PYTHON: 3.10"],
    ),
    "ensure adds the mappings around a key": (
        "- {ensure: permissions.contents, value: read, after: name}",
        ["+ permissions:", "+   contents: read"],
    ),
    "ensure adds several of them": (
        "- {ensure: jobs.build.strategy.matrix.node, value: ['20'], before: steps}",
        ["+     strategy:", "+       matrix:", "+         node:", "+           - '20'"],
    ),
    "merge adds and replaces keys and leaves others": (
        "- {merge: jobs.scan, value: {env: {CI: false}, timeout-minutes: 5}}",
        ["-     env: {CI: true}", "+     env: {CI: false}", "+     timeout-minutes: 5"],
    ),
    "merge adds a mapping that is missing": (
        "- {merge: jobs.build.env, value: {CI: true}}",
        ["+     env:", "+       CI: true"],
    ),
    "append puts an item at the end": (
        "- {append: jobs.build.steps, value: {run: npm run bye}}",
        ["+ ", "+       - run: npm run bye"],
    ),
    "insert puts an item before the one a selector means, and before its comment": (
        """- {insert: jobs.build.steps, value: {name: Migrate, run: npm run migrate}, before: "[?name=='Test']"}""",
        ["+       - name: Migrate", "+         run: npm run migrate", "+ "],
    ),
    "insert puts an item after another": (
        "- {insert: jobs.build.steps, value: {run: node -v}, after: '[0]'}",
        ["+       - run: node -v"],
    ),
    "insert puts an item first": (
        "- {insert: jobs.build.steps, value: {run: node -v}, before: '[0]'}",
        ["+       - run: node -v"],
    ),
    "insert puts an item last": (
        "- {insert: jobs.scan.steps, value: {run: node -v}, after: '[-1]'}",
        ["+       - run: node -v"],
    ),
    "insert does not mistake its own item for the anchor": (
        """- {insert: jobs.build.steps, value: {run: make && npm ci}, before: "[?run$='npm ci']"}""",
        ["+       - run: make && npm ci"],
    ),
    "remove takes an item out": (
        """- {remove: "jobs.build.steps[?uses^='actions/checkout']"}""",
        ["-       - uses: actions/checkout@v4"],
    ),
    "remove takes several out when they are expected": (
        "- {remove: jobs.*.runs-on, expect: 2}",
        ["-     runs-on: ubuntu-latest  # fast enough", "-     runs-on: ubuntu-latest"],
    ),
    "replace_text replaces whole words only": (
        """- {replace_text: "jobs.build.steps[?name=='Test'].run", old: npm test, new: npm test -- --ci}""",
        ["-         run: npm test && npm test:unit", "+         run: npm test -- --ci && npm test:unit"],
    ),
    "replace_text counts": (
        """- {replace_text: "jobs.build.steps[?name=='Test'].run", old: npm, new: yarn, count: 2}""",
        ["-         run: npm test && npm test:unit", "+         run: yarn test && yarn test:unit"],
    ),
    "for_each makes edits at each place": (
        "- for_each: jobs.*\n  edits:\n    - {set: timeout-minutes, value: 5, after: runs-on}\n    - {remove: runs-on}",
        [
            "-     runs-on: ubuntu-latest  # fast enough",
            "+     timeout-minutes: 5",
            "-     runs-on: ubuntu-latest",
            "+     timeout-minutes: 5",
        ],
    ),
    "an assertion that holds lets the others go on": (
        "- {assert: on.push}\n- {assert: jobs.lint, expect: 0}\n- {set: name, value: X}",
        ["- name: CI", "+ name: X"],
    ),
}


@pytest.mark.parametrize(("edits", "expected"), EDITS.values(), ids=EDITS.keys())
def test_it_edits(edits: str, expected: list[str]) -> None:
    assert changes(edits) == expected


OTHER_FORMATS = {
    ".env gets a variable": (".env", "- ensure_line: DEBUG=no", ["+ DEBUG=no"]),
    ".env gets one after another": (".env", "- {ensure_line: DEBUG=no, after: A}", ["+ DEBUG=no"]),
    ".env gets another value": (".env", "- {set: PORT, value: '80'}", ["- PORT=3000", "+ PORT=80"]),
    "a list of lines gets one before another": (
        "CODEOWNERS",
        """- {ensure_line: /docs/ @docs, before: "[?@^='/src/']"}""",
        ["+ /docs/ @docs"],
    ),
    "a Dockerfile gets an instruction before another": (
        "Dockerfile",
        """- {ensure_line: HEALTHCHECK CMD curl -f localhost, before: "[?instruction=='CMD']"}""",
        ["+ HEALTHCHECK CMD curl -f localhost"],
    ),
    "an ini file gets a key": (
        "setup.cfg",
        "- {ensure_line: ignore = E501, section: flake8}",
        ["+ ignore = E501"],
    ),
    "an ini file gets a section": (
        "setup.cfg",
        "- {ensure_line: strict = true, section: mypy}",
        ["+ ", "+ [mypy]", "+ strict = true"],
    ),
    "an ini file knows no numbers, so it gets their text": (
        "setup.cfg",
        "- {set: flake8.max-line-length, value: 0120}",
        ["- max-line-length = 100", "+ max-line-length = 0120"],
    ),
    "a variable gets the text of a number and of a truth value": (
        ".env",
        "- {set: PORT, value: 8080}\n- {set: DEBUG, value: true}",
        ["- PORT=3000", "+ PORT=8080", "+ DEBUG=true"],
    ),
    "JSON gets a number as a number": (
        "package.json",
        "- {set: version, value: 1.50, after: name}",
        ['+   "version": 1.5,'],
    ),
    "JSON gets a truth value as one": (
        "package.json",
        "- {set: private, value: True, after: name}",
        ['+   "private": true,'],
    ),
    "a script's exported object is edited under other names, too": (
        "jest.config.js",
        "- {js_append: collectCoverageFrom, value: src/**}\n- {js_set: ci, value: true}",
        ['-   collectCoverageFrom: ["a"],', '+   collectCoverageFrom: ["a", "src/**"],', "+   ci: true,"],
    ),
}


@pytest.mark.parametrize(("path", "edits", "expected"), OTHER_FORMATS.values(), ids=OTHER_FORMATS.keys())
def test_it_edits_other_formats(path: str, edits: str, expected: list[str]) -> None:
    assert changes(edits, path) == expected


PYPROJECT = '[project]\nversion = "0.14"\npythons = ["3.9", "3.10"]\nports = [80]\n'


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ("- {append: project.pythons, value: 3.11}", 'pythons = ["3.9", "3.10", "3.11"]'),
        ("- {insert: project.pythons, value: 3.20, before: '[0]'}", 'pythons = ["3.20", "3.9", "3.10"]'),
        ("- {set: project.pythons, value: [3.10]}", 'pythons = ["3.10"]'),
        ("- {set: project.version, value: 0.15}", 'version = "0.15"'),
        ("- {merge: project, value: {version: 1.10}}", 'version = "1.10"'),
        ("- {append: project.ports, value: 8080}", "ports = [80, 8080]"),
    ],
)
def test_a_number_that_comes_where_text_is_stays_text_as_it_was_written(edits: str, expected: str) -> None:
    assert changes(edits, "pyproject.toml", PYPROJECT)[1] == f"+ {expected}"


def test_a_number_that_a_list_of_texts_has_is_not_appended_again() -> None:
    result = outcome("- {append: project.pythons, value: 3.10}", "pyproject.toml", PYPROJECT)
    assert result == Satisfied("already as the edits want it")


def test_items_that_another_key_tells_apart_may_share_a_name() -> None:
    edits = "- {append: jobs.build.steps, key: run, value: {name: Test, run: npm run bye}}"
    assert changes(edits) == ["+ ", "+       - name: Test", "+         run: npm run bye"]


@pytest.mark.parametrize(
    ("edits", "before"),
    [
        ("- {set: permissions, value: {}}", "jobs:"),
        ("- {ensure: env.CI, value: '1'}", "jobs:"),
        ("- {set: jobs.build.timeout-minutes, value: 5}", "    steps:"),
        ("- {merge: jobs.build, value: {timeout-minutes: 5}}", "    steps:"),
    ],
)
def test_a_new_key_of_a_workflow_comes_before_what_is_long(edits: str, before: str) -> None:
    result = outcome(edits, ".github/workflows/ci.yml", WORKFLOW)
    assert isinstance(result, Edited)
    lines = result.document.source.text.splitlines()
    assert set(lines[: lines.index(before)]) - set(WORKFLOW.splitlines())
    assert lines[lines.index(before) :] == WORKFLOW.splitlines()[WORKFLOW.splitlines().index(before) :]
    assert changes(edits, "ci.yml")[-1].startswith("+ ")


FLAKE8 = "[flake8]\nignore =\n    E501,\n    W503{}\nmax = 1\n"


@pytest.mark.parametrize("end", ["", ","])
def test_an_item_of_a_list_with_commas_has_one_where_its_neighbours_have(end: str) -> None:
    text = FLAKE8.format(end)
    result = outcome("- {append: flake8.ignore, value: E203}", "setup.cfg", text)
    assert isinstance(result, Edited)
    assert result.document.source.text == text.replace(f"W503{end}", f"W503,\n    E203{end}")
    first = outcome("- {insert: flake8.ignore, value: E203, before: '[0]'}", "setup.cfg", text)
    assert isinstance(first, Edited)
    assert first.document.source.text == text.replace("E501,", "E203,\n    E501,")
    found = outcome("- {append: flake8.ignore, value: W503}", "setup.cfg", text)
    assert found == Satisfied("already as the edits want it")


SATISFIED = [
    ("ci.yml", "- {set: name, value: CI}"),
    ("ci.yml", "- {set: jobs.*.runs-on, value: ubuntu-latest, expect: many}"),
    ("ci.yml", "- {ensure: jobs.scan.env.CI, value: true}"),
    ("ci.yml", "- {ensure: on.push, value: null}"),
    ("ci.yml", "- {merge: jobs.scan, value: {env: {CI: true}}}"),
    ("ci.yml", "- {append: jobs.build.steps, value: {uses: actions/checkout@v4}}"),
    ("ci.yml", "- {append: jobs.build.steps, key: name, value: {name: Install, run: npm ci}}"),
    ("ci.yml", """- {insert: jobs.build.steps, value: {uses: actions/checkout@v4}, before: "[?name=='Test']"}"""),
    ("ci.yml", """- {insert: jobs.build.steps, value: {name: Install, run: npm ci}, after: '[0]'}"""),
    ("jest.config.js", "- {insert: collectCoverageFrom, value: a, before: '[0]'}"),
    ("ci.yml", "- {remove: jobs.build.env}"),
    ("ci.yml", "- remove: jobs.build.steps[?continue-on-error].continue-on-error"),
    ("ci.yml", "- {replace_text: name, old: Build, new: CI}"),
    ("ci.yml", "- {replace_text: name, old: Build, new: ''}"),
    ("ci.yml", "- {assert: jobs.build}\n- {assert: name, equals: CI}\n- {assert: jobs.*, expect: 2}"),
    (".env", "- ensure_line: PORT=3000"),
    ("CODEOWNERS", "- ensure_line: /src/ @web"),
    ("Dockerfile", "- ensure_line: RUN npm ci"),
    ("setup.cfg", "- {ensure_line: max-line-length=100, section: flake8}"),
    ("setup.cfg", "- {set: flake8.max-line-length, value: 100}"),
]


@pytest.mark.parametrize(("path", "edits"), SATISFIED)
def test_it_is_satisfied(path: str, edits: str) -> None:
    assert outcome(edits, path) == Satisfied("already as the edits want it")


REFUSALS = {
    "a misspelled key on the way": (
        "- {set: jobs.bild.timeout-minutes, value: 5}",
        "error[edit/no-match]: nothing is at `jobs.bild.timeout-minutes`\n"
        "  --> ci.yml:5:1\n"
        "  hint: did you mean `build`?",
    ),
    "an unknown key on the way": (
        "- {set: jobs.deploy.timeout-minutes, value: 5}",
        "error[edit/no-match]: nothing is at `jobs.deploy.timeout-minutes`\n"
        "  --> ci.yml:5:1\n"
        "  hint: `jobs` has `build`, `scan`",
    ),
    "a list where keys are expected": (
        "- {set: jobs.build.steps.run, value: x}",
        "error[edit/wrong-shape]: `jobs.build.steps` is a list, but must be a mapping\n"
        "  --> ci.yml:8:5\n"
        "  hint: select items with `[0]`, `[*]` or `[?key=='value']`",
    ),
    "a text where keys are expected": (
        "- {ensure: name.first, value: x}",
        "error[edit/wrong-shape]: `name` is text, but must be a mapping\n  --> ci.yml:1:1",
    ),
    "several places": (
        "- {set: jobs.*.timeout-minutes, value: 5}",
        "error[edit/ambiguous]: `jobs.*.timeout-minutes` means 2 places, but one was expected\n"
        "  --> ci.yml:16:3\n"
        "  hint: in lines 6, 16; narrow the path, or say with `expect` how many are meant, or `many`",
    ),
    "fewer places than expected": (
        "- {set: jobs.build.name, value: x, expect: 2}",
        "error[edit/ambiguous]: `jobs.build.name` means 1 place, but 2 were expected\n"
        "  --> ci.yml:6:3\n"
        "  hint: in line 6; narrow the path, or say with `expect` how many are meant, or `many`",
    ),
    "a neighbour that is not there": (
        "- {set: jobs.build.name, value: x, after: needs}",
        "error[edit/no-match]: nothing is at `jobs.build.needs`\n  --> ci.yml:6:3\n"
        "  hint: `jobs.build` has `runs-on`, `steps`",
    ),
    "ensure finds another value": (
        "- {ensure: name, value: Build}",
        "error[edit/conflict]: `name` is there with another value\n  --> ci.yml:1:1\n  hint: to replace it, use `set`",
    ),
    "ensure tells a number from text": (
        "- {ensure: 'jobs.scan.steps[0].with.exit-code', value: 0}",
        "error[edit/conflict]: `jobs.scan.steps[0].with.exit-code` is there with another value\n"
        "  --> ci.yml:22:11\n  hint: to replace it, use `set`",
    ),
    "append finds another item of that name": (
        "- {append: jobs.build.steps, key: name, value: {name: Test, run: true}}",
        "error[edit/conflict]: `jobs.build.steps[2]` has the same `name`, but other contents\n"
        "  --> ci.yml:14:9\n  hint: to change it, use `set`; if both are meant, say with `key` what tells them apart",
    ),
    "append finds another item of that name without being told what names it": (
        "- {append: jobs.build.steps, value: {name: Test, run: true}}",
        "error[edit/conflict]: `jobs.build.steps[2]` has the same `name`, but other contents\n"
        "  --> ci.yml:14:9\n  hint: to change it, use `set`; if both are meant, say with `key` what tells them apart",
    ),
    "insert finds a step that another task has changed": (
        "- {insert: jobs.build.steps, value: {name: Install, run: npm i}, after: '[0]'}",
        "error[edit/conflict]: `jobs.build.steps[1]` has the same `name`, but other contents\n"
        "  --> ci.yml:10:9\n  hint: to change it, use `set`; if both are meant, say with `key` what tells them apart",
    ),
    "an item of a list written like a key": (
        "- {set: jobs.build.steps.0, value: x}",
        "error[edit/wrong-shape]: `jobs.build.steps` is a list, but must be a mapping\n"
        "  --> ci.yml:8:5\n  hint: write `[0]`",
    ),
    "a part of an item of a list written like a key": (
        "- {set: jobs.build.steps.0.run, value: x}",
        "error[edit/no-match]: nothing is at `jobs.build.steps.0.run`\n  --> ci.yml:8:5\n  hint: write `[0]`",
    ),
    "append to what is no list": (
        "- {append: name, value: x}",
        "error[edit/wrong-shape]: `name` is text, but must be a list\n  --> ci.yml:1:1",
    ),
    "insert finds no anchor": (
        """- {insert: jobs.build.steps, value: {run: x}, before: "[?run=='make']"}""",
        "error[edit/no-match]: no item is `[?run=='make']` of `jobs.build.steps`\n  --> ci.yml:8:5",
    ),
    "insert finds two anchors": (
        """- {insert: jobs.build.steps, value: {run: x}, before: "[?run^='npm']"}""",
        "error[edit/ambiguous]: 2 items are `[?run^='npm']` of `jobs.build.steps`\n"
        "  --> ci.yml:14:9\n  hint: narrow the selector",
    ),
    "insert finds the item on the wrong side": (
        """- {insert: jobs.build.steps, value: {name: Install, run: npm ci}, after: "[?name=='Test']"}""",
        "error[edit/conflict]: the item is in `jobs.build.steps`, but before `[?name=='Test']`\n"
        "  --> ci.yml:10:9\n  hint: move it by hand, or remove it first",
    ),
    "remove with a misspelled key on the way": (
        "- {remove: jobs.bild.env}",
        "error[edit/no-match]: nothing is at `jobs.bild.env`\n  --> ci.yml:5:1\n  hint: did you mean `build`?",
    ),
    "replace_text finds only parts of words": (
        "- {replace_text: jobs.build.runs-on, old: ubuntu, new: debian}",
        "error[edit/no-match]: `ubuntu` is in `jobs.build.runs-on` 0 times, but 1 was expected\n"
        "  --> ci.yml:7:5\n  hint: it must be whole words; see `count`",
    ),
    "replace_text finds too many": (
        "- {replace_text: 'jobs.build.steps[2].run', old: npm, new: yarn}",
        "error[edit/ambiguous]: `npm` is in `jobs.build.steps[2].run` 2 times, but 1 was expected\n"
        "  --> ci.yml:15:9\n  hint: it must be whole words; see `count`",
    ),
    "replace_text of what is no text": (
        "- {replace_text: jobs, old: a, new: b}",
        "error[edit/wrong-shape]: `jobs` is a mapping, but must be text\n  --> ci.yml:5:1",
    ),
    "an assertion of something absent": (
        "- {assert: jobs.lint}",
        "error[edit/no-match]: nothing is at `jobs.lint`\n  --> ci.yml:5:1\n  hint: `jobs` has `build`, `scan`",
    ),
    "an assertion of absence": (
        "- {assert: jobs.scan, expect: 0}",
        "error[edit/conflict]: `jobs.scan` is there, and must not be\n  --> ci.yml:16:3",
    ),
    "an assertion of another value": (
        "- {assert: name, equals: Build}",
        "error[edit/conflict]: `name` is not what the plan says it must be\n  --> ci.yml:1:1",
    ),
    "an edit that loses sight of its place": (
        """- {set: "jobs.scan.steps[?with.exit-code=='0'].with.exit-code", value: '1'}""",
        "error[edit/gate]: the edit of `ci.yml` would not recognise its own result: "
        "nothing is at `jobs.scan.steps[?with.exit-code=='0'].with.exit-code`\n"
        "  --> ci.yml:19:5\n  hint: find the place by what the edit leaves as it is",
    ),
    "edits that undo each other": (
        "- {remove: name}\n- {ensure: name, value: CI}",
        "error[edit/gate]: the edit of `ci.yml` would be made again on its own result: removes `name`, adds `name`\n"
        "  hint: parts of it undo each other",
    ),
    "a place within a place of for_each": (
        "- {for_each: jobs.*, edits: [{set: strategy.fail-fast, value: false}]}",
        "error[edit/no-match]: nothing is at `jobs.build.strategy.fail-fast`\n"
        "  --> ci.yml:6:3\n  hint: `jobs.build` has `runs-on`, `steps`",
    ),
}


@pytest.mark.parametrize(("edits", "expected"), REFUSALS.values(), ids=REFUSALS.keys())
def test_it_refuses(edits: str, expected: str) -> None:
    assert refusal(edits) == expected


def test_a_line_whose_variable_has_another_value_is_refused() -> None:
    assert refusal("- ensure_line: PORT=80", ".env") == (
        "error[edit/conflict]: `PORT` is there with another value\n  --> .env:3:1\n  hint: to replace it, use `set`"
    )


def test_the_summary_names_three_edits_and_counts_the_rest() -> None:
    edits = "".join(f"- {{set: key_{number}, value: {number}}}\n" for number in range(5))
    result = outcome(edits)
    assert isinstance(result, Edited)
    assert result.summary == "sets `key_0`, sets `key_1`, sets `key_2` and 2 more"


@pytest.mark.parametrize("variant", ["crlf", "bom", "no final newline"])
def test_line_ends_and_marks_of_a_file_stay(variant: str) -> None:
    text = {"crlf": WORKFLOW.replace("\n", "\r\n"), "bom": WORKFLOW, "no final newline": WORKFLOW.rstrip("\n")}[variant]
    made = adapter(tuple[Edit, ...]).validate_python(Source("", "- {set: name, value: Build}").data)
    result = run_recipe(partial(make, edits=made), SourceText("ci.yml", text, has_bom=variant == "bom"))
    assert isinstance(result, Edited)
    assert result.document.source == SourceText("ci.yml", text.replace("name: CI", "name: Build"), variant == "bom")
