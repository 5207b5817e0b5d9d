"""What a test is called: what comes of it, and under which circumstances. Made from the record, never from source."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

_LONGEST: Final = 70
_WHO: Final = re.compile(
    r"^\w*(c(on)?te?xt)\w*\.(\w*(viewer|user|session|member|account|principal|claims|auth)|me)$", re.IGNORECASE
)
"""Who is asking, in the context of an operation."""
_STATUS: Final = re.compile(r"(\w+)\.(?:status|sendStatus|code)\((\d{3})\)\Z")


def title_of(case: Mapping[str, Any]) -> str:
    """Return the title of a recorded case."""
    return _when(_outcome(case), conditions_of(case))


def response_title(case: Mapping[str, Any]) -> str:
    """Return the title of a case that ends with a response."""
    value, when = case["value"], conditions_of(case)
    body = value["body"]
    told = f" with {listed(list(body))}" if not when and isinstance(body, dict) and body else ""
    return _when(f"answers {value['status']}{told}", when)


def operation_title(case: Mapping[str, Any]) -> str:
    """Return the title of a case that runs an operation."""
    if "error" in case:
        return title_of(case)
    value, when = case["value"], conditions_of(case)
    if set(value) == {"errors"}:
        return _when("refuses variables", when)
    if "errors" in value:
        return _refusal(case, value["errors"][0]["message"], when)
    (answer,) = value["data"].values()
    if isinstance(answer, list):
        return _when(f"answers {len(answer)} {'item' if len(answer) == 1 else 'items'}", when)
    if isinstance(answer, dict):
        return _when("answers it", when) if when else f"answers {listed(list(answer))}"
    return _when(f"answers {_short(json.dumps(answer, ensure_ascii=False))}", when)


def load_title(case: Mapping[str, Any]) -> str:
    """Return the title of a case that loads a module."""
    error = case.get("error")
    calls = [_call(line).removeprefix("new ") for line, _ in case["script"]]
    loads = f"sets {listed(list(dict.fromkeys(calls)))} up" if calls else "loads"
    return _when(_outcome(case) if error else loads, conditions_of(case))


def conditions_of(case: Mapping[str, Any]) -> str:
    """Return the circumstances of a case: what differs from the simplest one."""
    found = [
        _situation(one["at"], one["label"]) or _condition(one["at"], one["label"], case)
        for one in case["choices"]
        if one["label"] != "an object" or len(case["choices"]) == 1
    ]
    return " and ".join(dict.fromkeys(found[-3:]))


def listed(names: Sequence[str]) -> str:
    """Return names as they are told one after the other."""
    some = list(names[:4])
    if len(names) > 4:
        return f"{', '.join(some)} and more"
    return " and ".join([", ".join(some[:-1]), some[-1]] if len(some) > 1 else some)


def _refusal(case: Mapping[str, Any], message: str, when: str) -> str:
    """Return how an operation ends with an error: by what a schema promises, by a failure behind it, or on purpose."""
    lacking = re.match(r"Cannot return null for non-nullable field ([\w.]+)\.", message)
    if case["answer"] and lacking:
        return f"never lacks {lacking[1]}"
    has_failed = any(isinstance(answer, dict) and {"$error", "$new"} & answer.keys() for _, answer in case["script"])
    told = json.dumps(_short(message), ensure_ascii=False)
    return _when(f"{'fails' if has_failed else 'refuses'} with {told}", when)


def _when(outcome: str, when: str) -> str:
    return f"{outcome}{f' when {when}' if when else ''}"


def _situation(at: str, label: str) -> str | None:
    """Return a circumstance of a request in words of its own, None where it reads like any other."""
    kind, _, name = at.partition(":")
    if label == "nobody":
        return "nobody is signed in"
    if kind == "body" and not name:
        told = {"absent": "there is no body", "with something unknown": "the body has something unknown"}
        return told.get(label, f"the body is {label}")
    if kind == "arg" and (header := re.search(r"\.headers\.([\w-]+)$", name)):
        kind, name = "header", header[1]
    if kind == "header" and label == "missing":
        return f"there is no {name} header"
    if kind == "arg" and _WHO.search(name) and label in {"null", "undefined", "omitted"}:
        return "nobody is signed in"
    if kind in {"header", "url", "method"}:
        return f"the {f'{name} header' if kind == 'header' else kind} is {label}"
    if kind == "before" and name.isdigit():
        return f"{label} was called before" if name == "0" else f"then {label}"
    return f"{label} is thrown" if kind == "error" and not name else None


def _ending(calls: Sequence[str]) -> str:
    """Return what something does that only tells others: a response its status, the next one an error."""
    if not calls:
        return "does nothing"
    last, statuses = calls[-1], [found for call in calls if (found := _STATUS.match(call))]
    if statuses and last.partition(".")[0] == statuses[-1][1]:
        return f"answers {statuses[-1][2]}"
    passed = re.match(r"next\(\[(?:\w+: )?(.+)\]\)\Z", last)
    if passed:
        return f"passes {json.dumps(_short(passed[1]), ensure_ascii=False)} on"
    return "goes on" if last == "next()" else f"ends with {_call(last)}"


def _outcome(case: Mapping[str, Any]) -> str:
    error = case.get("error")
    if error:
        if exits := re.match(r"process\.exit\((.*)\)", error["message"]):
            return f"exits with {exits[1]}"
        if error["message"] in {"connection lost", "refused"}:
            return "passes a failure on"
        return f"throws {error['name']} {json.dumps(_short(error['message']), ensure_ascii=False)}"
    value = case.get("value")
    if case.get("shows"):
        return f"has {_fields(value)}"
    if isinstance(value, dict) and "$function" in value:
        return f"returns what {_call(case['script'][-1][0])} makes" if case["script"] else "returns a function"
    if isinstance(value, dict) and value.keys() in ({"$undefined"}, {"$given"}):
        return _ending([call for call, _ in case["script"]])
    if isinstance(value, dict) and re.search(r'"\$(given|function|undefined)"', json.dumps(value)):
        return f"returns {listed([_named(key, own) for key, own in value.items() if own != {'$undefined': True}])}"
    if isinstance(value, dict) and "$date" not in value and len(json.dumps(value)) > _LONGEST:
        return f"returns {', '.join(list(value)[:4])}{' and more' if len(value) > 4 else ''}"
    if isinstance(value, list) and len(json.dumps(value)) > _LONGEST:
        return f"returns {len(value)} {'item' if len(value) == 1 else 'items'}"
    return f"returns {_short(json.dumps(value, ensure_ascii=False))}"


def _fields(shown: Any) -> str:
    """Return what an object shows, as far as it is short."""
    parts: list[str] = []
    for key, value in shown.items():
        part = f"{key} {json.dumps(value, ensure_ascii=False)}" if not isinstance(value, dict | list) else key
        if parts and len(", ".join([*parts, part])) > _LONGEST:
            return f"{', '.join(parts)} and more"
        parts.append(_short(part))
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _named(key: str, value: Any) -> str:
    return f"no {key}" if value is None else key


def _condition(at: str, label: str, case: Mapping[str, Any]) -> str:
    kind, _, path = at.partition(":")
    name = re.sub(r"\[\d+\]", "", path).rpartition(".")[2]
    if kind == "reply" and path.isdigit():
        return _answered(_call(case["script"][int(path)][0]) if int(path) < len(case["script"]) else "a call", label)
    if label in {"omitted", "undefined", "missing"}:
        return f"there is no {name}"
    if kind == "reply" and name.isdigit():
        return f"an item is {label}"
    if label.endswith(" of them"):
        return f"{name} has {label.split()[0]} {'item' if label.startswith('1 ') else 'items'}"
    return f"{name} is {label}"


def _answered(call: str, label: str) -> str:
    if label in {"undefined", "null", "an empty list"}:
        return f"{call} finds nothing"
    if label.endswith(" of them"):
        return f"{call} finds {label.split()[0]}"
    if label.startswith(("fails", "answers")):
        return f"{call} {label}"
    return f"{call} answers {label}"


def _call(line: str) -> str:
    """Return a call without what lies between its beginning and its last method."""
    table = re.match(r"(?:\w+)\('(\w+)'\)", line)
    methods = re.findall(r"\.(\w+)\(", line)
    if table and methods:
        return f"{table[1]}.{methods[-1]}"
    return line.partition("(")[0]


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
