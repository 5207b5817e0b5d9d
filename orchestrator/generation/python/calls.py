"""Writes the tests that call functions and methods. It knows how they read, not which are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orchestrator.generation.python.kit.mocks import AWAITED, PLAIN, joined, name_of_place
from orchestrator.generation.python.kit.mocks import expression as path_of
from orchestrator.generation.python.literals import Bracket, Piece, Writer, layout, quote
from orchestrator.generation.python.requests import INDENT, Numbered, numbered_rows
from orchestrator.generation.python.tests import Test
from orchestrator.generation.python.titles import numbered, slug, title_of

_OPERATIONS = {
    "__len__": "len({0})", "__str__": "str({0})", "__repr__": "repr({0})", "__bool__": "bool({0})",
    "__iter__": "list({0})", "__hash__": "hash({0})", "__contains__": "{1} in {0}", "__getitem__": "{0}[{1}]",
    "__eq__": "{0} == {1}", "__lt__": "{0} < {1}", "__add__": "{0} + {1}", "__sub__": "{0} - {1}",
}  # fmt: skip
"""How the special methods are called."""
_BRIEF = 60  # characters of a value in a row


def write_call_tests(cases: Sequence[Numbered], plain: Mapping[str, Any], writer: Writer) -> list[Test]:
    """Return the tests of one function: short ones in rows, the rest one by one."""
    rows = _alike([each for each in cases if _is_row(each[1], writer)])
    single = [each for each in cases if each not in rows]
    titles = numbered(title_of(case, plain) for _, case in single)
    tests = [_single(number, case, title, writer) for (number, case), title in zip(single, titles, strict=True)]
    return [*([_table(rows, plain, writer)] if rows else []), *tests]


def raising(outcome: Mapping[str, Any], call: Piece, writer: Writer) -> Iterator[str]:
    """Yield the lines that say which error a call raises."""
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


def check(name: str, term: Any, writer: Writer) -> str:
    """Return the line that says what a name stands for."""
    if _is_nan(term):
        return f"assert math.isnan({name})"
    if isinstance(term, Mapping) and "sql" in term:
        return layout(writer.json(term["sql"]), INDENT, f"assert sql({name}) == ")
    is_same = term is None or isinstance(term, bool) or (isinstance(term, Mapping) and "seen" in term)
    operator = "is" if is_same else "=="
    return layout(writer.piece(term), INDENT, f"assert {name} {operator} ")


def _alike(rows: Sequence[Numbered]) -> list[Numbered]:
    """Return the rows that give the same arguments as most of them do; a single one is no table."""
    by_names: dict[tuple[str, ...], list[Numbered]] = {}
    for each in rows:
        by_names.setdefault(tuple(each[1]["act"]["args"]), []).append(each)
    most = max(by_names.values(), key=len, default=[])
    return most if len(most) > 1 else []


def _is_row(case: Mapping[str, Any], writer: Writer) -> bool:
    if (
        case["receiver"] is not None
        or case["arrange"]
        or case["patches"]
        or "calls" in case["outcome"]
        or set(case["outcome"]) != {"returns"}
        or not case["act"]["args"]
        or case["act"].get("then")
    ):
        return False
    values = [*case["act"]["args"].values(), case["outcome"]["returns"]]
    if isinstance(values[-1], Mapping) and {"shape", "seen", "types", "sql"} & set(values[-1]):
        return False
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
        lines=(layout(call, INDENT, "assert ", " == expected"),),
        cases={identity: number for identity, (number, _) in zip(identities, cases, strict=True)},
    )


def _single(number: int, case: Mapping[str, Any], title: str, writer: Writer) -> Test:
    lines = list(_mocks(case, writer))
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
    for step in act.get("then", ()):
        lines.append(layout(call, INDENT, "made = "))
        call = _called(writer, "", {**step, "call": "made"}, _arguments(step, writer))
    lines += _act_and_checks(outcome, call, owner, kept, writer)
    lines += _calls(outcome.get("calls", ()), writer)
    parameters = ("monkeypatch",) if case["patches"] else ()
    return Test(title=title, parameters=parameters, lines=tuple(lines), cases={"": number})


def _mocks(case: Mapping[str, Any], writer: Writer) -> Iterator[str]:
    """Yield the lines that make the mocks of a case and tell them what to reply."""
    steps = [case["act"], *case["act"].get("then", ()), *case["arrange"]]
    replies = [term for *_, term in case["replies"]]
    made: dict[str, str | None] = dict(_mock_terms([case["receiver"], *(step["args"] for step in steps), replies]))
    made |= dict.fromkeys(map(name_of_place, case["patches"]), None)
    awaited = set(map(name_of_place, case.get("awaited", ())))
    for name, spec in made.items():
        kind = "AsyncMock" if name in awaited else "MagicMock"
        writer.imports.setdefault("unittest.mock", set()).add(kind)
        yield f"{name} = {kind}({f'spec={writer.name(spec)}' if spec else ''})"
        for owner, path, term in case["replies"]:
            if owner == name:
                place = path_of(joined(owner, path.removesuffix("()")))
                if term == AWAITED:
                    writer.imports.setdefault("unittest.mock", set()).add("AsyncMock")
                    yield f"{place} = AsyncMock()"
                elif isinstance(term, Mapping) and "error" in term:
                    yield layout(writer.piece(term["error"]), INDENT, f"{place}.side_effect = ")
                else:
                    if term == PLAIN:
                        writer.imports.setdefault("unittest.mock", set()).add("MagicMock")
                    yield layout(writer.piece(term), INDENT, f"{place}.return_value = ")
    for place in case["patches"]:
        owner, _, name = place.rpartition(".")
        home = ".".join(filter(None, (writer.module, owner)))
        yield f"monkeypatch.setattr({home}, {quote(name)}, {name_of_place(place)})"


def _mock_terms(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        if "name" in value and "mock" in value:
            yield value["name"], value["mock"]
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _mock_terms(each)


def _calls(calls: Sequence[Any], writer: Writer) -> Iterator[str]:
    for expression, count, arguments in calls:
        if arguments is not None and _holds_sql(arguments):
            yield f"{expression}.assert_called_once()"
            given = f"{expression}.call_args"
            yield from (check(f"{given}.args[{index}]", each, writer) for index, each in enumerate(arguments[0]))
            yield from (check(f"{given}.kwargs[{quote(name)}]", each, writer) for name, each in arguments[1].items())
        elif arguments is not None:
            positional, named = arguments
            items = [("", writer.piece(each)) for each in positional]
            items += [(f"{name}=", writer.piece(each)) for name, each in named.items()]
            yield layout(writer.call(f"{expression}.assert_called_once_with", items), INDENT)
        elif count == 1:
            yield f"{expression}.assert_called_once()"
        else:
            yield f"assert {expression}.call_count == {count}"


def _holds_sql(arguments: Sequence[Any]) -> bool:
    positional, named = arguments
    return any(isinstance(each, Mapping) and "sql" in each for each in (*positional, *named.values()))


def _act_and_checks(
    outcome: Mapping[str, Any], call: Piece, owner: str, kept: Mapping[str, Any], writer: Writer
) -> Iterator[str]:
    if "raises" in outcome:
        yield from raising(outcome, call, writer)
        return
    if outcome["returns"] is None and (kept or outcome.get("attributes")):
        yield layout(call, INDENT)
    else:
        yield layout(call, INDENT, "result = ")
    yield ""
    if not (outcome["returns"] is None and (kept or outcome.get("attributes"))):
        yield from _result(outcome["returns"], writer)
    for name, term in kept.items():
        yield check(name, term, writer)
    for name, term in outcome.get("attributes", {}).items():
        yield check(f"{owner}.{name}", term, writer)


def _result(term: Any, writer: Writer) -> Iterator[str]:
    if isinstance(term, Mapping) and "shape" in term:
        yield f"assert isinstance(result, {writer.name(term['shape'])})"
        if "text" in term:
            yield check("str(result)", term["text"], writer)
        for name, each in term["fields"].items():
            yield check(f"result.{name}", each, writer)
    elif isinstance(term, Mapping) and "types" in term:
        yield layout(writer.piece({"list": term["types"]}), INDENT, "assert [type(each) for each in result] == ")
    else:
        yield check("result", term, writer)


def _called(writer: Writer, owner: str, step: Mapping[str, Any], arguments: Sequence[tuple[str, Piece]]) -> Piece:
    if step["way"] == "get":
        return f"{owner}.{step['call']}"
    if (operation := _OPERATIONS.get(step["call"])) is not None:
        return operation.format(owner, *(_flat(each) for _, each in arguments))
    call = writer.call(
        owner if step["call"] == "__call__" else ".".join(filter(None, (owner, step["call"]))), arguments
    )
    if step["way"] in ("call", "make"):
        return call
    if step["way"] == "everything":
        return writer.call("asyncio.run", [("", writer.call("everything", [("", call)]))])
    return writer.call("asyncio.run" if step["way"] == "await" else "list", [("", call)])


def _flat(piece: Piece) -> str:
    return layout(piece, -10_000)


def _arguments(step: Mapping[str, Any], writer: Writer) -> list[tuple[str, Piece]]:
    return [(f"{name}=", writer.piece(term)) for name, term in step["args"].items()]


def _is_nan(term: Any) -> bool:
    return isinstance(term, Mapping) and term.get("number") == "nan"
