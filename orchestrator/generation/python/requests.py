"""Writes the tests that send requests to an application. It knows how they read, not which are kept."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orchestrator.generation.python.kit.application import url_of
from orchestrator.generation.python.literals import Bracket, Piece, Writer, layout, quote
from orchestrator.generation.python.tests import Test
from orchestrator.generation.python.titles import numbered, slug, title_of

INDENT = 8
Numbered = tuple[int, Mapping[str, Any]]


class Bodies:
    """The valid bodies that tests share, each with a name; what differs is written beside it."""

    def __init__(self, writer: Writer, plain: Mapping[str, Any]) -> None:
        self._writer = writer
        self._plain = {
            subject: act["body"] for subject, act in plain.items() if isinstance(act.get("body"), dict) and act["body"]
        }
        self._used: set[str] = set()

    def piece(self, step: Mapping[str, Any]) -> Piece:
        """Return the body of a step, as what it changes of its valid body where that is shorter."""
        subject = step["subject"]
        written = self._changed(step["body"], self._plain.get(subject), self._title(subject))
        self._used |= {subject} if written is not None else set()
        return self._writer.json(step["body"]) if written is None else written

    def field(self, subject: str, name: str, value: Any) -> Piece:
        """Return the value of one field, as what it changes of the valid one where that is shorter."""
        written = self._changed(value, self._plain.get(subject, {}).get(name), f"{self._title(subject)}[{quote(name)}]")
        self._used |= {subject} if written is not None else set()
        return self._writer.json(value) if written is None else written

    def _changed(self, body: Any, usual: Any, name: str) -> Piece | None:
        """Return the body as what differs from the usual one, which has a name; None where that is no shorter."""
        if not isinstance(body, dict) or not isinstance(usual, dict) or not usual:
            return None
        changed = {key: value for key, value in body.items() if key not in usual or usual[key] != value}
        missing = [key for key in usual if key not in body]
        parts = {key: self._changed(each, usual.get(key), f"{name}[{quote(key)}]") for key, each in changed.items()}
        whole = [key for key, part in parts.items() if part is None]
        if len(whole) + len(missing) >= len(usual) > 1:
            return None
        base: Piece = name
        if missing:
            base = Bracket("without(", (("", name), *(("", quote(key)) for key in missing)), ")")
        if not changed:
            return base
        fields = ((f"{quote(key)}: ", part or self._writer.json(changed[key])) for key, part in parts.items())
        return Bracket("{", (("**", base), *fields), "}")

    def name(self, subject: str) -> str:
        """Return the name of a subject's valid body."""
        self._used.add(subject)
        return self._title(subject)

    def _title(self, subject: str) -> str:
        return f"VALID_{slug(subject).upper()}"

    def plain(self, subject: str) -> Mapping[str, Any] | None:
        """Return the valid body itself."""
        return self._plain.get(subject)

    def written(self) -> list[str]:
        """Return the lines that define the bodies in use."""
        used = [subject for subject in self._plain if subject in self._used]
        return [layout(self._writer.json(self._plain[each]), 0, f"{self.name(each)} = ") for each in used]


def write_request_tests(
    cases: Sequence[Numbered], plain: Mapping[str, Any], writer: Writer, bodies: Bodies
) -> list[Test]:
    """Return the tests of one operation: what it refuses in rows, the rest one by one."""
    rows = [each for each in cases if _refused_field(each[1], plain) is not None]
    by_place = {place: [each for each in rows if _place(each[1], plain) == place] for place in ("body", "query")}
    tabular = [each for each in by_place.values() if len(each) > 1]
    single = [each for each in cases if not any(each in table for table in tabular)]
    titles = numbered(title_of(case, plain) for _, case in single)
    tests = [_single(number, case, title, writer, bodies) for (number, case), title in zip(single, titles, strict=True)]
    return [*tests, *(_table(table, plain, writer, bodies) for table in tabular)]


def _single(number: int, case: Mapping[str, Any], title: str, writer: Writer, bodies: Bodies) -> Test:
    lines = [layout(_request(step, writer, bodies), INDENT) for step in case["arrange"]]
    act, outcome = _request(case["act"], writer, bodies), case["outcome"]
    if lines:
        lines.append("")
    if "raises" in outcome:
        lines.append(f"with {_raises(outcome, writer)}:")
        lines.append("    " + layout(act, INDENT + 4))
        return Test(title=title, parameters=("client",), lines=tuple(lines), cases={"": number})
    lines += [layout(act, INDENT, "response = "), "", f"assert response.status_code == {outcome['status']}"]
    lines += _body_checks(outcome, writer)
    return Test(title=title, parameters=("client",), lines=tuple(lines), cases={"": number})


def _raises(outcome: Mapping[str, Any], writer: Writer) -> str:
    name = writer.name(outcome["raises"])
    message = outcome.get("message", "")
    if not message:
        return f"pytest.raises({name})"
    writer.imports.setdefault("re", set()).add("escape")
    return f"pytest.raises({name}, match=escape({quote(message)}))"


def _body_checks(outcome: Mapping[str, Any], writer: Writer) -> Iterator[str]:
    problems = _problems(outcome)
    if problems is not None:
        yield layout(writer.json(problems), INDENT, "assert problems(response) == ")
    elif "body" in outcome:
        body = outcome["body"]
        operator = "is" if body is None or isinstance(body, bool) else "=="
        yield layout(writer.json(body), INDENT, f"assert response.json() {operator} ")
    elif "text" in outcome:
        yield layout(quote(outcome["text"]), INDENT, "assert response.text == ")
    else:
        yield 'assert response.content == b""'


def _problems(outcome: Mapping[str, Any]) -> list[str] | None:
    """Return where a framework's list of problems sees which: the words of its messages change between versions."""
    body = outcome.get("body")
    detail = body.get("detail") if isinstance(body, Mapping) else None
    if outcome.get("status") != 422 or not isinstance(detail, list):
        return None
    if not all(isinstance(each, Mapping) and "loc" in each and "type" in each for each in detail):
        return None
    return [f"{'.'.join(map(str, each['loc']))}: {each['type']}" for each in detail]


def _request(step: Mapping[str, Any], writer: Writer, bodies: Bodies) -> Piece:
    arguments: list[tuple[str, Piece]] = [("", quote(url_of(dict(step))))]
    if step["query"]:
        arguments.append(("params=", writer.json(step["query"])))
    if step.get("headers"):
        arguments.append(("headers=", writer.json(step["headers"])))
    if "body" in step:
        arguments.append(("json=", bodies.piece(step)))
    return writer.call(f"client.{step['method'].lower()}", arguments)


def _refused_field(case: Mapping[str, Any], plain: Mapping[str, Any]) -> str | None:
    """Return the one field of the plain request whose other value was refused for one reason, None if it was not so."""
    problems = _problems(case["outcome"])
    if case["arrange"] or problems is None or len(problems) != 1:
        return None
    act = case["act"]
    place = _place(case, plain)
    if place is None or act["path"] != plain.get("path") or act.get("headers") != plain.get("headers"):
        return None
    given, usual = act.get(place), plain.get(place)
    if not isinstance(given, Mapping) or not isinstance(usual, Mapping) or not set(usual) <= set(given):
        return None
    changed = [name for name in given if name not in usual or usual[name] != given[name]]
    return changed[0] if len(changed) == 1 else None


def _place(case: Mapping[str, Any], plain: Mapping[str, Any]) -> str | None:
    act = case["act"]
    differing = [place for place in ("body", "query") if act.get(place) != plain.get(place)]
    return differing[0] if len(differing) == 1 else None


def _table(cases: Sequence[Numbered], plain: Mapping[str, Any], writer: Writer, bodies: Bodies) -> Test:
    place = _place(cases[0][1], plain)
    assert place is not None
    rows, numbers = [], {}
    for identity, (number, case) in zip(_identities(cases), cases, strict=True):
        field = _refused_field(case, plain)
        assert field is not None
        (problem,) = _problems(case["outcome"]) or [""]
        given = case["act"][place][field]
        value = bodies.field(case["act"]["subject"], field, given) if place == "body" else writer.json(given)
        items = (("", quote(field)), ("", value), ("", quote(problem)), ("id=", quote(identity)))
        rows.append(("", Bracket("pytest.param(", items, ")")))
        numbers[identity] = number
    names = quote("field") + ", " + quote("value") + ", " + quote("problem")
    decorator = Bracket("@pytest.mark.parametrize(", (("", f"({names})"), ("", Bracket("[", tuple(rows), "]"))), ")")
    return Test(
        title=f"test_refuses_a_{'body' if place == 'body' else 'query'}_that_breaks_its_rules",
        parameters=("client", "field", "value", "problem"),
        decorators=(layout(decorator, 4),),
        lines=(
            layout(_changed_request(cases[0][1], place, plain, writer, bodies), INDENT, "response = "),
            "",
            "assert response.status_code == 422",
            "assert problems(response) == [problem]",
        ),
        cases=numbers,
    )


def _changed_request(
    case: Mapping[str, Any], place: str, plain: Mapping[str, Any], writer: Writer, bodies: Bodies
) -> Piece:
    usual: Piece = writer.json(plain[place])
    if place == "body" and bodies.plain(plain["subject"]):
        usual = bodies.name(plain["subject"])
    items: tuple[tuple[str, Piece], ...] = (("field: ", "value"),)
    if plain[place]:
        items = (("**", usual), *items)
    changed = Bracket("{", items, "}")
    act = {name: each for name, each in case["act"].items() if name != place}
    call = _request({"query": {}, **act}, writer, bodies)
    assert isinstance(call, Bracket)
    extra: tuple[str, Piece] = ("json=" if place == "body" else "params=", changed)
    return Bracket(call.opening, (*call.items, extra), call.closing)


def _identities(cases: Sequence[Numbered]) -> list[str]:
    names = []
    for _, case in cases:
        problem = (_problems(case["outcome"]) or [""])[0]
        where, _, kind = problem.partition(": ")
        names.append(f"{where.partition('.')[2]} {kind.replace('_', ' ')}")
    return numbered_rows(names)


def numbered_rows(names: Sequence[str]) -> list[str]:
    """Return names of rows, which pytest would number itself if two were equal."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        plain = json.dumps(name)[1:-1].replace("[", "(").replace("]", ")").replace("::", ":")
        seen[plain] = seen.get(plain, 0) + 1
        found.append(plain if seen[plain] == 1 else f"{plain} ({seen[plain]})")
    return found
