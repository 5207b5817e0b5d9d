from pathlib import Path

import pytest

from orchestrator.errors import PlanError

from .conftest import Load


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for name in ("src/auth.service.ts", "src/user.service.ts", "src/db/types.ts", "node_modules/x/a.ts", "README.md"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    return root


@pytest.mark.parametrize(
    ("glob", "ids"),
    [
        ("src/*.service.ts", ["a[auth]", "a[user]"]),
        ("src/**/*.ts", ["a[auth.service]", "a[db/types]", "a[user.service]"]),
        ("**/*.ts", ["a[src/auth.service]", "a[src/db/types]", "a[src/user.service]"]),
        ("src/????.service.ts", ["a[src/auth.service.ts]", "a[src/user.service.ts]"]),
        ("src/[a-m]*.service.ts", ["a[uth]"]),
        ("README.md", ["a[README.md]"]),
    ],
)
def test_the_label_is_what_the_star_stands_for(glob: str, ids: list[str], load_tasks: Load, project: Path) -> None:
    plan = load_tasks(f'- {{id: a, name: a, type: milestone, for_each: {{glob: "{glob}"}}}}', project=project)
    assert list(plan.tasks) == ids


def test_a_list_fans_out_into_its_words(load_tasks: Load) -> None:
    plan = load_tasks('- {id: a, name: "{{ label }} {{ item }}", type: milestone, for_each: [x, 1.10, x, no]}')
    assert [task.name for task in plan.tasks.values()] == ["x x", "1.10 1.10", "no no"]


def test_item_is_the_whole_path(load_tasks: Load, project: Path) -> None:
    plan = load_tasks(
        '- {id: a, name: "{{ item }} is {{ label }}", type: milestone, for_each: {glob: "src/*.service.ts"}}',
        project=project,
    )
    assert plan.tasks["a[auth]"].name == "src/auth.service.ts is auth"


def test_what_to_fan_out_over_may_come_from_variables(load_tasks: Load, project: Path) -> None:
    plan = load_tasks(
        """
        - {id: a, name: a, type: milestone, for_each: "{{ variables.words }}"}
        - {id: b, name: b, type: milestone, for_each: {glob: "{{ variables.folder }}/*.service.ts"}}
        """,
        "variables: {words: [x, y], folder: src}\n",
        project=project,
    )
    assert list(plan.tasks) == ["a[x]", "a[y]", "b[auth]", "b[user]"]


def test_a_dependency_on_the_id_is_one_on_each(load_tasks: Load) -> None:
    plan = load_tasks(
        """
        - {id: a, name: a, type: milestone, for_each: [x, y]}
        - {id: b, name: b, type: milestone, depends_on: [a]}
        - {id: c, name: c, type: milestone, depends_on: ["a[y]"]}
        """
    )
    assert plan.tasks["b"].depends_on == ("a[x]", "a[y]")
    assert plan.tasks["c"].depends_on == ("a[y]",)


def test_nothing_is_a_fan_out_where_that_is_allowed(load_tasks: Load, project: Path) -> None:
    plan = load_tasks(
        """
        - {id: a, name: a, type: milestone, for_each: {glob: "*.rb"}, allow_empty: true}
        - {id: b, name: b, type: milestone, depends_on: [a]}
        """,
        project=project,
    )
    assert list(plan.tasks) == ["b"]
    assert plan.tasks["b"].depends_on == ()


OUTPUT = """
    - {{id: a, name: a, type: shell, run: "true", outputs: ["{}"]}}
    - {{id: b, name: b, type: milestone, for_each: {{glob: "src/*.ts"}}, depends_on: [{}]}}
    """


@pytest.mark.parametrize("output", ["src/new.ts", "src", "./src/", "src/../src/x.ts"])
def test_a_fan_out_over_what_an_earlier_task_writes_is_refused(output: str, load_tasks: Load, project: Path) -> None:
    with pytest.raises(PlanError, match="plan/unstable-fan-out"):
        load_tasks(OUTPUT.format(output, "a"), project=project)


@pytest.mark.parametrize(
    ("output", "before"), [("src/new.js", "a"), ("src/db/new.ts", "a"), ("lib/x.ts", "a"), ("src/new.ts", "")]
)
def test_a_fan_out_over_other_files_is_allowed(output: str, before: str, load_tasks: Load, project: Path) -> None:
    assert "b[auth.service]" in load_tasks(OUTPUT.format(output, before), project=project).tasks
