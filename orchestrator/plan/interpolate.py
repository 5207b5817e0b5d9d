"""Values for placeholders: `{{ variables.x }}` while a plan is loaded, `${NAME}` where the environment is meant.

Expressions see plain data only: no attribute of an object, no call, no way to build something huge. `${{ ... }}` is
somebody else's syntax and stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from orchestrator.errors import PlanError, did_you_mean

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

_EXPRESSION: Final = re.compile(r"\$\{\{.*?\}\}|\{\{(.*?)\}\}", re.DOTALL)
_ENVIRONMENT: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
MAX_RESULT: Final = 100_000
_FILTERS: Final = (
    "abs", "capitalize", "default", "first", "float", "int", "join", "last", "length", "list", "lower", "replace",
    "round", "sort", "string", "title", "trim", "unique", "upper",
)  # fmt: skip


def has_expression(text: str) -> bool:
    """Say whether `text` holds a `{{ ... }}` of ours."""
    return "{{" in text and any(match[1] is not None for match in _EXPRESSION.finditer(text))


def mentions_variables(text: str) -> bool:
    """Say whether a `{{ ... }}` in `text` asks for something only we can give."""
    return "{{" in text and any(
        match[1] is not None and re.search(r"\b(variables|item|label)\b", match[1])
        for match in _EXPRESSION.finditer(text)
    )


def interpolate(text: str, names: Mapping[str, Any]) -> Any:
    """Return `text` with each `{{ expression }}` replaced; a lone expression keeps its type.

    :raises PlanError: `plan/missing-variable` or `plan/bad-expression`.
    """
    if (lone := _EXPRESSION.fullmatch(text.strip())) and lone[1] is not None:
        return evaluate(lone[1], names)

    def replace(match: re.Match[str]) -> str:
        return match[0] if match[1] is None else str(evaluate(match[1], names))

    return _EXPRESSION.sub(replace, text)


def evaluate(expression: str, names: Mapping[str, Any]) -> Any:
    """Return the value of a Jinja expression over plain data.

    :raises PlanError: `plan/missing-variable` or `plan/bad-expression`.
    """
    import jinja2

    try:
        compiled = _environment().compile_expression(expression.strip(), undefined_to_none=False)
        value = compiled(**names)
        if isinstance(value, jinja2.Undefined):
            value._fail_with_undefined_error()  # noqa: SLF001  # the documented way to ask what is undefined
    except jinja2.UndefinedError as error:
        raise _missing(expression, error, names) from None
    except PlanError:
        raise
    except jinja2.TemplateError as error:
        raise PlanError("plan/bad-expression", f"`{expression.strip()}`: {error.message}") from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError) as error:
        raise PlanError("plan/bad-expression", f"`{expression.strip()}`: {error}") from None
    if isinstance(value, str) and len(value) > MAX_RESULT:
        raise PlanError("plan/bad-expression", f"`{expression.strip()}` makes {len(value)} characters")
    return value


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


def _missing(expression: str, error: Exception, names: Mapping[str, Any]) -> PlanError:
    match = re.search(r"has no attribute '(\w+)'|'([\w.]+)' is undefined", str(error))
    name = (match[1] or match[2]) if match else expression.strip()
    known = [*names.get("variables", {}), *(n for n in names if n != "variables")]
    hint = did_you_mean(name, known) or f"add it under `variables`, or pass --var {name}=..."
    return PlanError("plan/missing-variable", f"`{name}` is not set, and `{expression.strip()}` needs it", hint=hint)


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

        def is_safe_callable(self, _obj: Any) -> bool:
            return False

    environment = PlainData(undefined=StrictUndefined)
    environment.globals.clear()
    environment.filters = {name: environment.filters[name] for name in _FILTERS}
    return environment
