"""Writes the tests that call functions and methods. It knows how they read, not which are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orchestrator.generation.python.literals import Bracket, Piece, Writer, layout, quote
from orchestrator.generation.python.requests import INDENT, Numbered, numbered_rows
from orchestrator.generation.python.tests import Test
from orchestrator.generation.python.titles import numbered, slug, title_of

_BRIEF = 60  # characters of a value in a row


def write_call_tests(cases: Sequence[Numbered], plain: Mapping[str, Any], writer: Writer) -> list[Test]:
    """Return the tests of one function: short ones in rows, the rest one by one."""
    rows = [each for each in cases if _is_row(each[1], writer)]
    if len(rows) < 2:
        rows = []
    single = [each for each in cases if each not in rows]
    titles = numbered(title_of(case, plain) for _, case in single)
    tests = [_single(number, case, title, writer) for (number, case), title in zip(single, titles, strict=True)]
    return [*([_table(rows, plain, writer)] if rows else []), *tests]


def _is_row(case: Mapping[str, Any], writer: Writer) -> bool:
    if (
        case["receiver"] is not None
        or case["arrange"]
        or set(case["outcome"]) != {"returns"}
        or not case["act"]["args"]
    ):
        return False
    values = [*case["act"]["args"].values(), case["outcome"]["returns"]]
    return not _is_nan(case["outcome"]["returns"]) and all(_is_brief(each, writer) for each in values)


def _is_brief(term: Any, writer: Writer) -> bool:
    text = layout(writer.piece(term), 0)
    return len(text) <= _BRIEF and "\n" not in text


def _table(cases: Sequence[Numbered], plain: Mapping[str, Any], writer: Writer) -> Test:
    names = list(cases[0][1]["act"]["args"])
    identities = numbered_rows([title_of(case, plain).removeprefix("test_").replace("_", " ") for _, case in cases])
    rows: list[tuple[str, Piece]] = []
    for identity, (_, case) in zip(identities, cases, strict=True):
        values = [writer.piece(each) for each in (*case["act"]["args"].values(), case["outcome"]["returns"])]
        rows.append(("", Bracket("pytest.param(", (*(("", each) for each in values), ("id=", quote(identity))), ")")))
    parameters = [f"{name}_" if name in ("self", "request", "expected") else name for name in names]
    header = ", ".join(quote(name) for name in (*parameters, "expected"))
    decorator = Bracket("@pytest.mark.parametrize(", (("", f"({header})"), ("", Bracket("[", tuple(rows), "]"))), ")")
    arguments = [(f"{name}=", parameter) for name, parameter in zip(names, parameters, strict=True)]
    act = cases[0][1]["act"]
    call = _called(writer, writer.module, act, arguments)
    return Test(
        title=f"test_{slug(act['call'].rpartition('.')[2])}_returns",
        parameters=(*parameters, "expected"),
        decorators=(layout(decorator, 4),),
        lines=(layout(Bracket("", (("", call),), ""), INDENT, "assert ", " == expected"),),
        cases={identity: number for identity, (number, _) in zip(identities, cases, strict=True)},
    )


def _single(number: int, case: Mapping[str, Any], title: str, writer: Writer) -> Test:
    lines: list[str] = []
    owner = writer.module
    if case["receiver"] is not None:
        owner = slug(case["receiver"]["new"].rpartition(":")[2].rpartition(".")[2])
        owner = f"the_{owner}" if owner in (writer.module, "pytest", "result") else owner
        lines.append(layout(writer.piece(case["receiver"]), INDENT, f"{owner} = "))
    lines += [layout(_called(writer, owner, step, _arguments(step, writer)), INDENT) for step in case["arrange"]]
    outcome, act = case["outcome"], case["act"]
    kept = outcome.get("arguments", {})
    lines += [layout(writer.piece(act["args"][name]), INDENT, f"{name} = ") for name in kept]
    if lines:
        lines.append("")
    arguments = [(f"{name}=", name if name in kept else writer.piece(term)) for name, term in act["args"].items()]
    call = _called(writer, owner, act, arguments)
    lines += _act_and_checks(outcome, call, owner, kept, writer)
    return Test(title=title, lines=tuple(lines), cases={"": number})


def _act_and_checks(
    outcome: Mapping[str, Any], call: Piece, owner: str, kept: Mapping[str, Any], writer: Writer
) -> Iterator[str]:
    if "raises" in outcome:
        yield from _raising(outcome, call, writer)
        return
    if outcome["returns"] is None and (kept or outcome.get("attributes")):
        yield layout(call, INDENT)
    else:
        yield layout(call, INDENT, "result = ")
    yield ""
    if not (outcome["returns"] is None and (kept or outcome.get("attributes"))):
        yield _check("result", outcome["returns"], writer)
    for name, term in kept.items():
        yield _check(name, term, writer)
    for name, term in outcome.get("attributes", {}).items():
        yield _check(f"{owner}.{name}", term, writer)


def _raising(outcome: Mapping[str, Any], call: Piece, writer: Writer) -> Iterator[str]:
    name = writer.name(outcome["raises"])
    message, errors = outcome.get("message"), outcome.get("errors")
    match = f", match=escape({quote(message)})" if message else ""
    if message:
        writer.imports.setdefault("re", set()).add("escape")
    yield f"with pytest.raises({name}{match}){' as caught' if errors else ''}:"
    yield "    " + layout(call, INDENT + 4)
    if errors:
        problems = [f"{'.'.join(map(str, where))}: {kind}" for where, kind in errors]
        listed = "[f\"{'.'.join(map(str, each['loc']))}: {each['type']}\" for each in caught.value.errors()]"
        yield ""
        yield f"found = {listed}"
        yield layout(writer.json(problems), INDENT, "assert found == ")


def _check(name: str, term: Any, writer: Writer) -> str:
    if _is_nan(term):
        return f"assert math.isnan({name})"
    operator = "is" if term is None or isinstance(term, bool) else "=="
    return layout(writer.piece(term), INDENT, f"assert {name} {operator} ")


def _called(writer: Writer, owner: str, step: Mapping[str, Any], arguments: Sequence[tuple[str, Piece]]) -> Piece:
    if step["way"] == "get":
        return f"{owner}.{step['call']}"
    call = writer.call(f"{owner}.{step['call']}", arguments)
    if step["way"] == "call":
        return call
    return writer.call("asyncio.run" if step["way"] == "await" else "list", [("", call)])


def _arguments(step: Mapping[str, Any], writer: Writer) -> list[tuple[str, Piece]]:
    return [(f"{name}=", writer.piece(term)) for name, term in step["args"].items()]


def _is_nan(term: Any) -> bool:
    return isinstance(term, Mapping) and term.get("number") == "nan"
