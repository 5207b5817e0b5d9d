"""Names tests after what they show: the outcome first, then what was different about the input. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from orchestrator.generation.python.kit.mocks import AWAITED, PLAIN

_LONGEST = 84


def class_name(subject: str) -> str:
    """Return the name of the class that holds a subject's tests."""
    return "Test" + "".join(part[:1].upper() + part[1:] for part in re.split(r"[^a-zA-Z0-9]+", subject) if part)


def slug(text: object) -> str:
    """Return a text as part of a function's name."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", str(text)).lower()
    return re.sub(r"[^a-z0-9]+", "_", words).strip("_")


def title_of(case: Mapping[str, Any], plain: Mapping[str, Any]) -> str:
    """Return the name of a case's test; `plain` is the subject's plain act."""
    difference = "" if _tells_enough(case["outcome"]) else _difference(case["act"], plain)
    parts = [_outcome(case), difference, _replies(case.get("replies", ())), _history(case["arrange"])]
    return shortened("test_" + "_".join(part for part in parts if part))


def numbered(titles: Iterable[str]) -> list[str]:
    """Return the titles, those that are there already with a number."""
    seen: dict[str, int] = {}
    found = []
    for title in titles:
        seen[title] = seen.get(title, 0) + 1
        found.append(title if seen[title] == 1 else f"{title}_{seen[title]}")
    return found


def shortened(title: str) -> str:
    """Return a title that is not too long, and does not end in a word that promises another one."""
    if len(title) <= _LONGEST:
        return title
    words = title[:_LONGEST].split("_")[:-1]
    while words[-1] in _JOINING:
        words.pop()
    return "_".join(words)


def _outcome(case: Mapping[str, Any]) -> str:
    outcome = case["outcome"]
    if "raises" in outcome:
        kind = outcome["raises"].rpartition(":")[2].rpartition(".")[2]
        return f"raises_{slug(kind)}_{slug(outcome.get('message', ''))}".rstrip("_")
    if "status" in outcome:
        body = outcome.get("body")
        detail = body.get("detail") if isinstance(body, Mapping) else None
        if isinstance(detail, str):
            return f"answers_{outcome['status']}_{slug(detail)}"
        what = f"with_{_count(body)}" if isinstance(body, list) else _problem(detail)
        return f"answers_{outcome['status']}_{what}".rstrip("_")
    if outcome.get("arguments"):
        return f"changes_{slug(' and '.join(outcome['arguments']))}"
    if outcome.get("attributes") and outcome.get("returns") is None:
        return "changes_its_" + slug(" and ".join(list(outcome["attributes"])[:2]))
    return f"returns_{_short(outcome['returns'])}"


def _count(items: Sequence[Any]) -> str:
    return {0: "an_empty_list", 1: "one_item"}.get(len(items), f"{len(items)}_items")


def _problem(detail: Any) -> str:
    if not isinstance(detail, list) or not detail or not isinstance(detail[0], Mapping):
        return ""
    return slug(" ".join([*map(str, detail[0].get("loc", [])[1:]), str(detail[0].get("type", ""))]))


def _tells_enough(outcome: Mapping[str, Any]) -> bool:
    """Say whether an error's own words tell what was wrong with the input."""
    body = outcome.get("body")
    return bool(outcome.get("message") or (isinstance(body, Mapping) and isinstance(body.get("detail"), (str, list))))


def _replies(replies: Sequence[Any]) -> str:
    """Say what a dependency answers, by the last of the calls that lead to it."""
    said = []
    for name, path, term in (each for each in replies if each[2] not in (PLAIN, AWAITED)):
        call = slug(path.removesuffix("()").rpartition(".")[2].strip("()")) or slug(name)
        said.append(f"{call}_{_answer(term)}")
    return f"when_{'_and_'.join(said[:2])}" if said else ""


def _answer(term: Any) -> str:
    if isinstance(term, Mapping) and "error" in term:
        return "fails"
    if term is None or term == {"list": []}:
        return "finds_nothing"
    return f"{'finds' if isinstance(term, Mapping) else 'answers'}_{_short(term)}"


def _short(term: Any) -> str:
    if isinstance(term, (int, float)) and not isinstance(term, bool) and term < 0:
        return slug(f"minus {abs(term)}")
    if not isinstance(term, Mapping):
        return slug(str(term)[:30]) or "an_empty_text"
    tag = next(each for each in (*_WORDS, *term) if each in term)
    return _WORDS.get(tag, _collection)(term)


def _instance(term: Mapping[str, Any]) -> str:
    words = (each for each in term.get("fields", {}).values() if isinstance(each, str) and each.islower())
    return f"{_named(term['new'])}_{slug(next(words, '')[:20])}".rstrip("_")


def _seen(term: Mapping[str, Any]) -> str:
    """Name a mock's answer by the last two of the names that lead to it."""
    names = str(term["seen"]).replace(".return_value", "").split(".")
    return f"what_{slug(' '.join(names[-2:]))}_answers" if "return_value" in term["seen"] else slug(names[-1])


def _collection(term: Mapping[str, Any]) -> str:
    tag, items = next(iter(term.items()))
    if isinstance(items, Sequence) and not isinstance(items, str):
        return f"an_empty_{tag}" if not items else f"a_{tag}_of_{len(items)}"
    return slug(items)


def _named(path: str) -> str:
    return slug(path.rpartition(":")[2])


_WORDS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "new": _instance, "seen": _seen, "sql": lambda _: "a_statement", "mock": lambda term: slug(term["name"]),
    "types": lambda term: "_and_".join(_named(each["member"]) for each in term["types"][:3]),
    "shape": lambda term: _named(term["shape"]), "member": lambda term: _named(term["member"]),
}  # fmt: skip


def _difference(act: Mapping[str, Any], plain: Mapping[str, Any]) -> str:
    changes: list[str] = []
    for place in ("path", "query", "args"):
        given, usual = act.get(place, {}), plain.get(place, {})
        changes += [_field(name, value, usual.get(name)) for name, value in given.items() if usual.get(name) != value]
        changes += [f"without_{slug(name)}" for name in usual if name not in given]
    changes += _body_difference(act.get("body"), plain.get("body"), "body" in act, "body" in plain)
    if not changes:
        return ""
    return ("for_" if not changes[0].startswith("without") else "") + "_and_".join(changes[:2])


def _body_difference(given: Any, usual: Any, is_given: bool, is_usual: bool) -> list[str]:
    if is_usual and not is_given:
        return ["without_a_body"]
    if not isinstance(given, Mapping) or not isinstance(usual, Mapping):
        return [] if given == usual else ["another_body"]
    if not given and usual:
        return ["an_empty_body"]
    changed = [_field(name, value, usual.get(name)) for name, value in given.items() if usual.get(name) != value]
    return changed + [f"without_{slug(name)}" for name in usual if name not in given]


def _field(name: str, value: Any, usual: Any = None) -> str:
    if isinstance(value, (dict, list)):
        return _structure(slug(name), value, usual)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value < 0:
        return f"{slug(name)}_minus_{slug(abs(value))}"
    if isinstance(value, str) and not slug(value):
        return f"{'other' if value else 'empty'}_{slug(name)}"
    return f"{slug(name)}_{slug(str(value)[:24])}"


def _structure(name: str, value: Any, usual: Any) -> str:
    """Say how something with parts differs from the usual one: by its first part that does."""
    given, before = _parts(value), _parts(usual)
    if not given:
        return f"empty_{name}"
    if isinstance(given, Mapping) and isinstance(before, Mapping):
        changed = [part for part, each in given.items() if part not in before or before[part] != each]
        if changed:
            return f"{name}_with_{_field(changed[0], given[changed[0]], before.get(changed[0]))}"
        return f"{name}_without_{slug(next(part for part in before if part not in given))}"
    return f"{len(given)}_in_{name}" if isinstance(given, list) else f"other_{name}"


def _parts(value: Any) -> Any:
    """Return the fields or items of a term or of a JSON value."""
    if isinstance(value, Mapping):
        if "new" in value:
            return value.get("fields", {})
        for tag in ("list", "tuple", "set", "frozenset"):
            if set(value) == {tag}:
                return value[tag]
        return {str(key): each for key, each in value["dict"]} if set(value) == {"dict"} else value
    return value


def _history(arrange: Sequence[Mapping[str, Any]]) -> str:
    names = [slug(step["subject"] if "subject" in step else step["call"]) for step in arrange]
    if not names:
        return ""
    distinct = list(dict.fromkeys(names))
    return "after_" + "_and_".join(f"{name}_{_times(names.count(name))}".rstrip("_") for name in distinct)


def _times(count: int) -> str:
    return {1: "", 2: "twice"}.get(count, f"{count}_times")


_JOINING = frozenset({"after", "and", "answers", "finds", "for", "in", "when", "with", "without"})
"""Words that promise another one."""
