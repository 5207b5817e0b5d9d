"""Values for placeholders: `{{ variables.x }}` while a plan is loaded, `${NAME}` where the environment is meant.

Expressions see plain data only: no attribute of an object, no call, no way to build something huge. `${{ ... }}` is
somebody else's syntax and stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from orchestrator.errors import PlanError, did_you_mean

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

_ENVIRONMENT: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
MAX_RESULT: Final = 100_000
"""Characters and values that an expression may make."""
MAX_EXPRESSION: Final = 1_000
_FILTERS: Final = (
    "abs", "capitalize", "default", "first", "float", "int", "last", "length", "list", "lower", "round", "sort",
    "string", "title", "trim", "upper",
)  # fmt: skip
_FAILURES: Final = (
    ArithmeticError,
    AttributeError,
    LookupError,
    NameError,
    TypeError,
    ValueError,
    RecursionError,
)
"""What evaluating a wrong expression raises; a constant too large for a float is a name nobody knows."""


def has_expression(text: str) -> bool:
    """Say whether `text` holds a `{{ ... }}` of ours."""
    return "{{" in text and any(expression is not None for _, expression in _pieces(text))


def mentions_variables(text: str) -> bool:
    """Say whether a `{{ ... }}` in `text` asks for something only we can give."""
    return "{{" in text and any(
        expression is not None and re.search(r"\b(variables|item|label)\b", expression)
        for _, expression in _pieces(text)
    )


def interpolate(text: str, names: Mapping[str, Any]) -> Any:
    """Return `text` with each `{{ expression }}` replaced; a lone expression keeps its type.

    :raises PlanError: `plan/missing-variable` or `plan/bad-expression`.
    """
    match list(_pieces(text.strip())):
        case [(_, str(lone))]:
            return evaluate(lone, names)
    made, size = [], 0
    for written, expression in _pieces(text):
        made.append(written if expression is None else str(evaluate(expression, names)))
        size += len(made[-1])
        if size > len(text) + MAX_RESULT:
            raise PlanError("plan/bad-expression", f"`{written}` makes the text longer than {MAX_RESULT} characters")
    return "".join(made)


def evaluate(expression: str, names: Mapping[str, Any]) -> Any:
    """Return the value of a Jinja expression over plain data.

    :raises PlanError: `plan/missing-variable` or `plan/bad-expression`.
    """
    import jinja2

    expression = expression.strip()
    if len(expression) > MAX_EXPRESSION:
        message = f"an expression has {len(expression)} characters; it may have {MAX_EXPRESSION}"
        raise PlanError("plan/bad-expression", message)
    try:
        compiled = _environment().compile_expression(expression, undefined_to_none=False)
        value = compiled(**names)
        if isinstance(value, jinja2.Undefined):
            value._fail_with_undefined_error()  # noqa: SLF001  # the documented way to ask what is undefined
        return _plain(value)
    except jinja2.UndefinedError as error:
        raise _missing(expression, error, names) from None
    except jinja2.TemplateError as error:
        raise PlanError("plan/bad-expression", f"`{expression}`: {_reason(error)}") from None
    except _FAILURES as error:
        raise PlanError("plan/bad-expression", f"`{expression}`: {error}") from None


def expand_environment(text: str, environ: Mapping[str, str]) -> str:
    """Return `text` with `${NAME}` and `${NAME:-default}` replaced from `environ`.

    :raises PlanError: `plan/missing-variable`, for a name without value or default.
    """

    def replace(match: re.Match[str]) -> str:
        value = environ.get(match[1]) or match[2]
        if value is None:
            raise PlanError(
                "plan/missing-variable",
                f"the environment variable `{match[1]}` is not set",
                hint=f"set it, or write `${{{match[1]}:-default}}`",
            )
        return value

    return _ENVIRONMENT.sub(replace, text) if "${" in text else text


def names_of_environment(text: str) -> list[str]:
    """Return the names whose values `expand_environment` would look for in `text`."""
    return [match[1] for match in _ENVIRONMENT.finditer(text)] if "${" in text else []


def map_strings(
    data: Any, change: Callable[[str, tuple[str | int, ...]], Any], path: tuple[str | int, ...] = ()
) -> Any:
    """Return plain data with every string value passed through `change(text, path)`."""
    match data:
        case str():
            return change(data, path)
        case dict():
            return {key: map_strings(value, change, (*path, key)) for key, value in data.items()}
        case list():
            return [map_strings(value, change, (*path, index)) for index, value in enumerate(data)]
        case _:
            return data


def _pieces(text: str) -> Iterator[tuple[str, str | None]]:
    """Yield the parts of `text` as they are written, each with the expression it holds or None."""
    done = 0
    while (start := text.find("{{", done)) >= 0 and (end := text.find("}}", start + 2)) >= 0:
        end += 2
        if text[start - 1 : start] == "$":
            yield text[done:end], None
        else:
            if start > done:
                yield text[done:start], None
            yield text[start:end], text[start + 2 : end - 2]
        done = end
    if done < len(text):
        yield text[done:], None


def _plain(value: Any) -> Any:
    """Return `value` as scalars, lists and dicts.

    :raises ValueError: for what is none of these, or too much of it.
    """
    size = 0

    def copy(part: Any) -> Any:
        nonlocal size
        size += len(part) if isinstance(part, str) else 1
        _refuse_huge(size)
        match part:
            case None | str() | int() | float():
                return part
            case Mapping():
                return {name: copy(item) for name, item in part.items()}
            case list() | tuple():
                return [copy(item) for item in part]
            case _:
                raise TypeError("it makes neither text, a number, a truth value, a list nor a mapping")

    return copy(value)


def _reason(error: Exception) -> str:
    text = str(error).removesuffix(".").replace("unexpected 'end of template'", "the expression ends too early")
    return text[:1].lower() + text[1:]


def _missing(expression: str, error: Exception, names: Mapping[str, Any]) -> PlanError:
    if bare := re.match(r"'(\w+)' is undefined", str(error)):
        variables = names.get("variables", {})
        near = did_you_mean(bare[1], [*variables, *names])
        if bare[1] in variables:
            near = f"write `variables.{bare[1]}`"
        elif bare[1] in ("item", "label"):
            near = "only a task with `for_each` has it"
        message = f"`{expression}`: there is no `{bare[1]}` here"
        return PlanError("plan/bad-expression", message, hint=near or "expressions see `variables`")
    match = re.search(r"has no attribute '(.+)'$", str(error))
    name = match[1] if match else expression
    hint = did_you_mean(name, list(names.get("variables", {}))) or f"add it under `variables`, or pass --var {name}=..."
    return PlanError("plan/missing-variable", f"`{name}` is not set, and `{expression}` needs it", hint=hint)


@cache
def _environment() -> SandboxedEnvironment:
    from jinja2 import StrictUndefined
    from jinja2.exceptions import SecurityError
    from jinja2.sandbox import SandboxedEnvironment

    class PlainData(SandboxedEnvironment):
        """Reads items of mappings, never an attribute of an object, and multiplies nothing but numbers."""

        intercepted_binops = frozenset({"*", "**", "%"})

        def getattr(self, obj: Any, attribute: str) -> Any:
            if isinstance(obj, Mapping) and attribute in obj:
                return obj[attribute]
            return self.undefined(obj=obj, name=attribute)

        def getitem(self, obj: Any, argument: Any) -> Any:
            try:
                return obj[argument]
            except (TypeError, LookupError):
                return self.undefined(obj=obj, name=argument)

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            numbers = all(isinstance(side, int | float) and abs(side) < 2**53 for side in (left, right))
            if operator == "**" or not numbers:
                raise SecurityError(f"`{operator}` is not available here")
            return super().call_binop(context, operator, left, right)

        def call(self, *_: Any, **__: Any) -> Any:
            raise SecurityError("nothing can be called here")

    environment = PlainData(undefined=StrictUndefined)
    environment.globals.clear()
    environment.filters = {name: environment.filters[name] for name in _FILTERS}
    environment.filters.update(join=_join, replace=_replace, unique=_unique)
    return environment


def _join(items: Iterable[Any], separator: str = "") -> str:
    texts = [str(item) for item in items]
    _refuse_huge(sum(map(len, texts)) + len(separator) * len(texts))
    return separator.join(texts)


def _replace(text: Any, old: str, new: str) -> str:
    written = str(text)
    _refuse_huge(len(written) + written.count(old) * len(new))
    return written.replace(old, new)


def _unique(items: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(items))


def _refuse_huge(size: int) -> None:
    if size > MAX_RESULT:
        raise ValueError(f"it makes more than {MAX_RESULT} characters or values")
