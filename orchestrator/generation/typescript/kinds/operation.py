"""Tests of a GraphQL schema: operations that ask each root field for all it has, and variables that it refuses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from orchestrator.generation.typescript.cases import argument_of, check_of, givens_in, is_partial, step_of, unique
from orchestrator.generation.typescript.groups import grouped
from orchestrator.generation.typescript.kinds import server
from orchestrator.generation.typescript.literals import braced, literal, quoted
from orchestrator.generation.typescript.places import relative, without_suffix
from orchestrator.generation.typescript.titles import conditions_of, operation_title

_PROMISE: Final = re.compile(r"Cannot return null for non-nullable field [\w.]+\.$")
_CALLED: Final = "expect(mockOutside.calls).toEqual(mockOutside.expected);"
_NONE: Final = object()

Recorded = Mapping[str, Any]


def part(model: Recorded, cases: Sequence[Recorded], test_file: str) -> dict[str, Any]:
    """Return what tests of operations add to a file."""
    own = {**model["graphql"], "usual": _usual(model["graphql"], cases)}
    return {
        "imports": _imports(own, model["target"], test_file),
        "schema": own["schema"],
        "type_defs": own["typeDefs"],
        "is_text": own["isText"],
        "maps": [one["name"] for one in own["maps"]],
        "is_scripted": own["isScripted"],
        "usual": own["usual"],
        "is_partial": any(map(is_partial, (own["factory"] or {"params": []})["params"])),
        "has_context": bool(own["factory"] or own["context"]),
        "groups": [_group(name, some, own) for name, some in grouped(cases).items()],
    }


def _imports(own: Recorded, target: str, test_file: str) -> list[str]:
    """Return the lines that import what the operations run against."""
    named = ["graphql"] if own["schema"] else ["buildASTSchema", "graphql", *(["parse"] if own["isText"] else [])]
    places: dict[str, list[str]] = {target: [own["schema"] or own["typeDefs"]]}
    for one in [*([own["factory"]] if own["factory"] else []), *own["maps"]]:
        places.setdefault(one["file"], []).append(one["name"])
    lines = [f"import {{ {', '.join(named)} }} from 'graphql';"]
    for place, names in sorted(places.items()):
        lines.append(
            f"import {{ {', '.join(sorted(names))} }} from {quoted(relative(without_suffix(place), test_file))};"
        )
    return lines


def _usual(own: Recorded, cases: Sequence[Recorded]) -> dict[str, Any] | None:
    """Return who asks in most tests: what is sent, and the steps that find out who it is."""
    plain = next((case for case in cases if own["factory"] and not case["choices"]), None)
    sent = next((one for one in plain["args"] if not givens_in(one)), None) if plain else None
    if plain is None or not isinstance(sent, dict):
        return None
    steps = plain["script"][: int(plain["inputs"]["steps"])]
    return {"sent": sent, "steps": steps, "value": literal(sent), "script": ", ".join(step_of(*one) for one in steps)}


def _group(name: str, cases: Sequence[Recorded], own: Recorded) -> dict[str, Any]:
    base = _base(cases)
    tables = [
        _refusals([case for case in cases if _is_refused(case)]),
        _promises([case for case in cases if base is not None and _is_promise(case)], base, own),
        _answers([case for case in cases if base is not None and _is_passed_on(case)], base, own),
        _variables([case for case in cases if _is_handed_on(case)], base, own),
    ]
    kept = [table for table in tables if len(table["members"]) > 1]
    rows = [case for table in kept for _, case in table["members"]]
    taken: dict[str, int] = {}
    source = cases[0]["operation"]["source"]
    operation = {"name": "operation", "type": "", "value": f"/* GraphQL */ `{source}`"}
    return {
        "name": quoted(name),
        "plain_name": name,
        "shared": [operation] if base is None else [operation, {"name": "answer", "type": "", "value": literal(base)}],
        "tables": kept,
        "cases": [_test(case, base, own, taken) for case in cases if not any(case is row for row in rows)],
    }


def _base(cases: Sequence[Recorded]) -> Any:
    """Return the answer that tests of a field start from, None where its resolver is not replaced."""
    plain = next((case for case in cases if case["answer"] and not case["choices"] and case["script"]), None)
    answer = plain["script"][0][1] if plain else None
    return answer if isinstance(answer, dict | list) else None


def _is_handed_on(case: Recorded) -> bool:
    """Say whether other variables than usual reach the resolver, and its answer the client."""
    isolated = bool(case["answer"] and case["choices"] and case["script"]) and not _is_varied(case)
    return isolated and all(one["at"].startswith("variables:") for one in case["choices"]) and _is_whole(case)


def _is_refused(case: Recorded) -> bool:
    """Say whether variables are refused before anything is asked."""
    value = case.get("value")
    isolated = all(one["at"].startswith("variables:") for one in case["choices"])
    return bool(case["isWrong"] and isolated and value and set(value) == {"errors"})


def _is_varied(case: Recorded) -> bool:
    return bool(case["choices"]) and all(one["at"].startswith("reply:") for one in case["choices"])


def _is_promise(case: Recorded) -> bool:
    """Say whether an answer lacks what the schema promises."""
    errors = case.get("value", {}).get("errors", [])
    return _is_varied(case) and len(errors) == 1 and bool(_PROMISE.match(errors[0]["message"]))


def _is_passed_on(case: Recorded) -> bool:
    """Say whether a client gets exactly what a resolver answers, which is not the usual thing."""
    return _is_varied(case) and _is_whole(case)


def _refusals(rows: Sequence[Recorded]) -> dict[str, Any]:
    lines = [
        "const { errors } = await ask(operation, variables);",
        "expect(errors).toEqual([{ message: expected }]);",
        "expect(mockOutside.calls).toEqual([]);",
    ]
    names = [conditions_of(case) or "they are wrong" for case in rows]
    shown = [
        f"{literal(case['inputs']['variables'])}, {quoted(case['value']['errors'][0]['message'])}" for case in rows
    ]
    names_types = ("_reason, variables, expected", "<[string, object, string]>")
    return _table("refuses variables when %s", names, shown, rows, ["outside();", *lines], names_types)


def _promises(rows: Sequence[Recorded], base: Any, own: Recorded) -> dict[str, Any]:
    names = [_promised(case["value"]["errors"][0]) for case in rows]
    shown = [f"{_changed(case['script'][0][1], base)}, {literal(case['value']['errors'][0]['path'])}" for case in rows]
    lines = [
        *_answering(rows, own),
        "expect(result.errors).toEqual([{ message: expect.stringContaining('Cannot return null'), path: expected }]);",
        _CALLED,
    ]
    names_types = ("_promise, answered, expected", "<[string, unknown, unknown[]]>")
    return _table("never lacks %s", names, shown, rows, lines, names_types)


def _answers(rows: Sequence[Recorded], base: Any, own: Recorded) -> dict[str, Any]:
    names = [conditions_of(case) for case in rows]
    shown = [_changed(case["script"][0][1], base) for case in rows]
    field = rows[0]["field"] if rows else ""
    lines = [*_answering(rows, own), f"expect(result).toEqual({{ data: {{ {field}: expected }} }});", _CALLED]
    return _table("passes on that %s", names, shown, rows, lines, ("_reason, expected", "<[string, unknown]>"))


def _variables(rows: Sequence[Recorded], base: Any, own: Recorded) -> dict[str, Any]:
    names = [conditions_of(case) for case in rows]
    shown = [f"{literal(case['inputs']['variables'])}, {quoted(case['script'][0][0])}" for case in rows]
    field = rows[0]["field"] if rows else ""
    answer = "answer" if base is not None or not rows else literal(rows[0]["script"][0][1])
    lines = [
        f"outside([expected, {answer}]);",
        f"const result = await ask({_asked('variables', rows[0], own)});" if rows else "",
        f"expect(result).toEqual({{ data: {{ {field}: {answer} }} }});",
        _CALLED,
    ]
    names_types = ("_reason, variables, expected", "<[string, object, string]>")
    return _table("hands on what it is given when %s", names, shown, rows, lines, names_types)


def _answering(rows: Sequence[Recorded], own: Recorded) -> list[str]:
    """Return the lines that ask while a resolver answers what a row says."""
    if not rows:
        return []
    case = rows[0]
    answered = "expected" if _is_passed_on(case) else "answered"
    variables = literal(case["inputs"]["variables"]) if case["inputs"]["variables"] else ""
    return [
        f"outside([{quoted(case['script'][0][0])}, {answered}]);",
        f"const result = await ask({_asked(variables, case, own)});",
    ]


def _promised(error: Recorded) -> str:
    field = error["message"].removeprefix("Cannot return null for non-nullable field ").rstrip(".")
    return f"an item of {field}" if isinstance(error["path"][-1], int) else str(field)


def _changed(answer: Any, base: Any, name: str = "answer") -> str:
    """Return an answer as a change of the usual one."""
    if answer == base:
        return name
    if isinstance(answer, list) and isinstance(base, list) and len(answer) == len(base) == 1:
        return f"[{_changed(answer[0], base[0], f'{name}[0]')}]"
    if not isinstance(answer, dict) or not isinstance(base, dict) or not base:
        return literal(answer)
    return braced({key: one for key, one in answer.items() if base.get(key, _NONE) != one}, name)


def _table(
    title: str,
    reasons: Sequence[str],
    shown: Sequence[str],
    rows: Sequence[Recorded],
    lines: Sequence[str],
    names_types: tuple[str, str],
) -> dict[str, Any]:
    taken: dict[str, int] = {}
    names = [unique(one, taken) for one in reasons]
    return {
        "title": quoted(title),
        "plain_title": title,
        "types": names_types[1],
        "names": names_types[0],
        "is_async": "async ",
        "rows": [f"{quoted(name)}, {one}" for name, one in zip(names, shown, strict=True)],
        "check": "\n    ".join(lines),
        "members": [(title.replace("%s", name), case) for name, case in zip(names, rows, strict=True)],
    }


def _test(case: Recorded, base: Any, own: Recorded, taken: dict[str, int]) -> dict[str, Any]:
    title = unique(operation_title(case), taken)
    names = sorted(givens_in(case["args"]))
    variables = literal(case["inputs"]["variables"]) if case["inputs"]["variables"] else ""
    given = f"const {{ {', '.join(names)} }} = " if names else ""
    steps, wanted = _steps(case, own), literal(case.get("value"))
    if base is not None and case["script"] and case["script"][0][1] == base:
        steps = f"[{quoted(case['script'][0][0])}, answer]"
        if _is_whole(case):
            wanted = f"{{ data: {{ {case['field']}: answer }} }}"
    asked = f"ask({_asked(variables, case, own)})"
    result = [] if "error" in case else [f"const result = await {asked};"]
    check = check_of({**case, "isAsync": True}, f"async () => {asked}") if not result else ""
    return {
        "title": quoted(title),
        "plain_title": title,
        "is_async": "async ",
        "remark": case.get("suspicion"),
        "arrange": [f"{given}outside({steps});", *result],
        "check": check or f"expect(result).toEqual({wanted});",
        "is_scripted": True,
        "case": case,
    }


def _steps(case: Recorded, own: Recorded) -> str:
    usual = own["usual"]
    known = len(usual["steps"]) if usual else 0
    if not known or case["script"][:known] != usual["steps"]:
        return ", ".join(step_of(*one) for one in case["script"])
    return ", ".join(["...recognised", *(step_of(*one) for one in case["script"][known:])])


def _is_whole(case: Recorded) -> bool:
    """Say whether a client gets exactly what a resolver answers."""
    return bool(case["value"] == {"data": {case["field"]: case["script"][0][1]}})


def _asked(variables: str, case: Recorded, own: Recorded) -> str:
    """Return what an operation is asked with: variables, and the context of whoever asks."""
    factory = own["factory"]
    params = factory["params"] if factory else [own["context"]] if own["context"] else []
    sent = own["usual"]["sent"] if own["usual"] else None
    given = ", ".join(
        "signedIn" if sent is not None and one == sent else argument_of(one, param, None)
        for one, param in zip(case["args"], params, strict=False)
    )
    context = f"{'await ' if factory['isAsync'] else ''}{factory['name']}({given})" if factory else given
    return server.arguments("operation", variables, context)
