"""Names tests after what they show: the outcome first, then what was different about the input. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_LONGEST = 76


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
    return _shortened("test_" + "_".join(part for part in parts if part))


def numbered(titles: Iterable[str]) -> list[str]:
    """Return the titles, those that are there already with a number."""
    seen: dict[str, int] = {}
    found = []
    for title in titles:
        seen[title] = seen.get(title, 0) + 1
        found.append(title if seen[title] == 1 else f"{title}_{seen[title]}")
    return found


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
        problem = _problem(detail)
        return f"answers_{outcome['status']}_{problem}".rstrip("_")
    if outcome.get("arguments"):
        return f"changes_{slug(' and '.join(outcome['arguments']))}"
    if outcome.get("attributes") and outcome.get("returns") is None:
        return "changes_its_" + slug(" and ".join(list(outcome["attributes"])[:2]))
    return f"returns_{_short(outcome['returns'])}"


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
    for name, path, term in replies:
        call = slug(path.removesuffix("()").rpartition(".")[2].strip("()")) or slug(name)
        is_error = isinstance(term, Mapping) and "error" in term
        said.append(f"{call}_fails" if is_error else f"{call}_finds_{_short(term)}")
    return f"when_{'_and_'.join(said[:2])}" if said else ""


def _short(term: Any) -> str:
    if term is None or isinstance(term, (bool, int, float)):
        return slug(term if not isinstance(term, (int, float)) or term >= 0 else f"minus {abs(term)}")
    if isinstance(term, str):
        return slug(term[:30]) or "an_empty_text"
    if "new" in term:
        verdict = next(
            (each for each in term.get("fields", {}).values() if isinstance(each, str) and each.islower()), ""
        )
        return f"{slug(term['new'].rpartition(':')[2])}_{slug(verdict[:20])}".rstrip("_")
    if "seen" in term:
        return "what_" + slug(str(term["seen"]).replace(".return_value", "").replace(".", " ")) + "_is"
    if "types" in term:
        return slug(" and ".join(each["member"].rpartition(":")[2] for each in term["types"][:3]))
    if "sql" in term:
        return "a_statement"
    if "shape" in term:
        return slug(term["shape"].rpartition(":")[2])
    if "mock" in term:
        return slug(term["name"])
    if "member" in term:
        return slug(term["member"].rpartition(":")[2])
    tag, items = next(iter(term.items()))
    if isinstance(items, Sequence) and not isinstance(items, str):
        return f"an_empty_{tag}" if not items else f"a_{tag}_of_{len(items)}"
    return slug(items)


def _difference(act: Mapping[str, Any], plain: Mapping[str, Any]) -> str:
    changes: list[str] = []
    for place in ("path", "query", "args"):
        given, usual = act.get(place, {}), plain.get(place, {})
        changes += [_field(name, value) for name, value in given.items() if usual.get(name) != value]
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
    changed = [_field(name, value) for name, value in given.items() if usual.get(name) != value]
    return changed + [f"without_{slug(name)}" for name in usual if name not in given]


def _field(name: str, value: Any) -> str:
    if isinstance(value, (dict, list)):
        is_empty = not value or value in ({"list": []}, {"dict": []})
        return f"empty_{slug(name)}" if is_empty else f"other_{slug(name)}"
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value < 0:
        return f"{slug(name)}_minus_{slug(abs(value))}"
    if isinstance(value, str) and not slug(value):
        return f"{'other' if value else 'empty'}_{slug(name)}"
    return f"{slug(name)}_{slug(str(value)[:24])}"


def _history(arrange: Sequence[Mapping[str, Any]]) -> str:
    names = [slug(step["subject"] if "subject" in step else step["call"]) for step in arrange]
    if not names:
        return ""
    distinct = list(dict.fromkeys(names))
    return "after_" + "_and_".join(f"{name}_{_times(names.count(name))}".rstrip("_") for name in distinct)


def _times(count: int) -> str:
    return {1: "", 2: "twice"}.get(count, f"{count}_times")


def _shortened(title: str) -> str:
    return title if len(title) <= _LONGEST else title[:_LONGEST].rpartition("_")[0]
