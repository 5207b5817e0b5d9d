from typing import Any

import pytest

from orchestrator.errors import PlanError
from orchestrator.plan.interpolate import expand_environment, has_expression, interpolate, mentions_variables

from .conftest import Load

NAMES: dict[str, Any] = {
    "variables": {"team": "platform", "count": 3, "flag": True, "list": ["b", "a", "b"], "map": {"x": {"y": 1}}}
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ variables.count }}", 3),
        (" {{ variables.flag }} ", True),
        ("{{ variables.list }}", ["b", "a", "b"]),
        ("{{ variables.map }}", {"x": {"y": 1}}),
        ("{{ variables.map.x['y'] + 1 }}", 2),
        ("{{ 'many' if variables.count > 2 else 'few' }}", "many"),
        ("{{ variables.count }} of {{ variables.team }}", "3 of platform"),
        ("{{ variables.team }}{{ variables.team }}", "platformplatform"),
        ("${{ github.sha }}", "${{ github.sha }}"),
        ("${{ github.sha }} by {{ variables.team }}", "${{ github.sha }} by platform"),
        ("{{ '{{' }}", "{{"),
        ("{{ never closed", "{{ never closed"),
    ],
)
def test_expressions_have_values(text: str, value: Any) -> None:
    made = interpolate(text, NAMES)
    assert made == value
    assert type(made) is type(value)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("'  Ab ' | trim | lower", "ab"),
        ("variables.list | unique | sort | join('+')", "a+b"),
        ("variables.list | length", 3),
        ("'a-b' | replace('-', '_') | upper", "A_B"),
        ("variables.nothing | default('none')", "none"),
        ("'7' | int + 1", 8),
        ("variables.list | first ~ variables.list | last", "bb"),
    ],
)
def test_filters(expression: str, value: Any) -> None:
    assert interpolate("{{ " + expression + " }}", NAMES) == value


@pytest.mark.parametrize(
    "expression",
    [
        "variables.team.__class__",
        "variables['__class__']",
        "variables.team.upper()",
        "variables.team | attr('__class__')",
        "''.__class__.__mro__",
        "cycler",
        "range(10)",
        "2 ** 1000000",
        "'a' * 1000000000",
        "'%1000000000d' % 1",
        "variables.list * 1000000000",
        "1e400 | int",
        "1 / 0",
        "variables.team <",
        "(" * 400 + "1" + ")" * 400,
        "variables.team ~ '" + "x" * 1000 + "'",
        "variables.map.x.z",
        "variables.list[9]",
    ],
)
def test_nothing_but_plain_data_can_be_had(expression: str) -> None:
    with pytest.raises(PlanError):
        interpolate("{{ " + expression + " }}", NAMES)


@pytest.mark.parametrize(
    "expression",
    ["variables.a | replace('', variables.a)", "variables.l | join(variables.a)", "[variables.l, variables.l]"],
)
def test_nothing_huge_can_be_made(expression: str) -> None:
    names = {"variables": {"a": "x" * 90_000, "l": ["x"] * 90_000}}
    with pytest.raises(PlanError, match="more than 100000"):
        interpolate("{{ " + expression + " }}", names)


def test_text_of_many_expressions_cannot_be_huge_either() -> None:
    with pytest.raises(PlanError, match="longer than 100000"):
        interpolate("{{ variables.a }} " * 100, {"variables": {"a": "x" * 90_000}})


def test_text_full_of_braces_is_read_in_linear_time() -> None:
    assert not has_expression("{{" * 1_000_000)


def test_shell_text_of_others_is_told_from_ours() -> None:
    assert mentions_variables("echo {{ variables.x }}")
    assert mentions_variables("echo {{item}}")
    assert not mentions_variables("docker inspect -f '{{ .Name }}' ${{ item }}")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${HOST}", "db"),
        ("${NONE:-local}:${PORT:-5432}", "local:5432"),
        ("${EMPTY:-x}", "x"),
        ("${NONE:-}", ""),
        ("$HOST", "$HOST"),
    ],
)
def test_environment_variables_may_have_defaults(text: str, value: str) -> None:
    assert expand_environment(text, {"HOST": "db", "EMPTY": ""}) == value


def test_an_environment_variable_that_is_not_set_is_missed() -> None:
    with pytest.raises(PlanError, match="`NONE` is not set"):
        expand_environment("${NONE}", {})


def test_the_environment_serves_variables_and_nothing_else_in_a_plan(load: Load) -> None:
    plan = load(
        """
        variables: {host: "${HOST:-local}", ports: ["${PORT}"]}
        phase_1:
          name: "On ${HOST}"
          groups:
            group_a:
              tasks:
                - {id: a, name: "${HOST} {{ variables.host }}", type: milestone, env: {HOST: "${HOST}"}}
        """,
        environ={"HOST": "db", "PORT": "5432"},
    )
    assert plan.variables == {"host": "db", "ports": ["5432"]}
    assert plan.phases[0].name == "On ${HOST}"
    assert plan.tasks["a"].name == "${HOST} db"
    assert plan.tasks["a"].env == {"HOST": "${HOST}"}  # expanded when it runs


def test_variables_may_be_made_from_each_other_and_the_callers_go_first(load: Load) -> None:
    text = """
        variables: {stage: test, host: "{{ variables.stage }}.local", off: False}
        phase_1:
          name: "At {{ variables.host }}"
          groups:
            group_a:
              name: "{{ variables.stage }}"
              tasks:
                - {id: a, name: "{{ variables.host }}", type: milestone, when: not variables.off}
        """
    plan = load(text)
    assert (plan.phases[0].name, plan.phases[0].groups[0].name) == ("At test.local", "test")
    assert plan.tasks["a"].when is True
    plan = load(text, overrides={"stage": "{{ 1 }}", "off": "True"})
    assert plan.tasks["a"].name == "{{ 1 }}.local"
    assert plan.tasks["a"].when is False


def test_variables_that_double_each_other_take_no_time(load: Load) -> None:
    doubled = "".join(f"  v{n}: '{{{{ variables.v{n + 1} }}}}{{{{ variables.v{n + 1} }}}}'\n" for n in range(40))
    with pytest.raises(PlanError, match="100000 characters"):
        load(f"variables:\n{doubled}  v40: xx\n")


def test_a_missing_variable_matters_only_to_the_task_that_needs_it(load_tasks: Load) -> None:
    plan = load_tasks(
        """
        - {id: a, name: "{{ variables.absent }}", type: milestone}
        - {id: b, name: b, type: milestone, when: variables.absent}
        - {id: c, name: c, type: milestone}
        """
    )
    assert {task: [error.code for error in errors] for task, errors in plan.problems.items()} == {
        "a": ["plan/missing-variable"],
        "b": ["plan/missing-variable"],
    }


def test_shell_text_is_left_alone_unless_it_asks_for_variables(load_tasks: Load) -> None:
    plan = load_tasks(
        """
        - {id: a, name: a, type: shell, run: "docker inspect -f '{{ .Name }}'", env: {run: "{{ variables.x }}"}}
        - {id: b, name: b, type: shell, run: [echo, "{{ variables.x }}"]}
        """,
        "variables: {x: 1.10}\n",
    )
    assert plan.tasks["a"].run == "docker inspect -f '{{ .Name }}'"  # type: ignore[attr-defined]
    assert plan.tasks["a"].env == {"run": "1.10"}
    assert plan.tasks["b"].run == ("echo", "1.10")  # type: ignore[attr-defined]
