"""Jinja2 templates: the project's own before the shipped ones. They see plain data and can call nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.errors import TaskError

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

SUFFIX = ".j2"


def shipped_directory(name: str) -> Path:
    """Return a directory that ships with the program: in a wheel, or in a checkout."""
    packaged = Path(__file__).parent / "_shipped" / name
    return packaged if packaged.exists() else Path(__file__).parent.parent / name


class Templates:
    """Templates by the name a plan uses, such as `users.fixture.ts`."""

    def __init__(self, directories: Sequence[Path]) -> None:
        """`directories` in the order they are looked through."""
        self._directories = list(directories)

    def source(self, name: str) -> str | None:
        """Return the text of a template, None if there is none of that name."""
        if not name or name.startswith("/") or ".." in name.split("/"):
            return None
        for directory in self._directories:
            path = directory / (name + SUFFIX)
            if path.is_file():
                return path.read_text("utf-8")
        return None

    def names(self) -> list[str]:
        """Return the names of all templates, sorted."""
        found = set()
        for directory in self._directories:
            for path in directory.rglob(f"*{SUFFIX}"):
                found.add(path.relative_to(directory).as_posix().removesuffix(SUFFIX))
        return sorted(found)

    def render(self, name: str, context: Mapping[str, Any]) -> str:
        """Return the text that a template makes of `context`.

        :raises TaskError: `task/template`, with the template's line.
        """
        import jinja2

        try:
            return self._environment.get_template(name).render(context)
        except jinja2.TemplateSyntaxError as error:
            raise TaskError("task/template", f"template `{name}`, line {error.lineno}: {error.message}") from None
        except jinja2.TemplateNotFound as error:
            raise TaskError("task/template", f"there is no template `{error.name}`") from None
        except (
            jinja2.TemplateError,
            ArithmeticError,
            LookupError,
            RecursionError,
            TypeError,
            ValueError,
        ) as error:
            raise TaskError("task/template", f"template `{name}`, line {_line(error)}: {error}") from None

    @cached_property
    def _environment(self) -> SandboxedEnvironment:
        import jinja2
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        def load(name: str) -> str | None:
            return self.source(name)

        return ImmutableSandboxedEnvironment(
            loader=jinja2.FunctionLoader(load),
            undefined=jinja2.StrictUndefined,
            keep_trailing_newline=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )


def project_templates(project_root: Path) -> Templates:
    """Return the templates that tasks of a project may use."""
    return Templates([project_root / "templates", shipped_directory("templates") / "files"])


def _line(error: BaseException) -> int:
    """Return the template line an exception came from: Jinja2 rewrites tracebacks to point there."""
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
