"""Where a Python target lives: its project, its interpreter, the name it is imported by. Reads; runs nothing."""

from __future__ import annotations

import ast
import configparser
import contextlib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from orchestrator.errors import TaskError
from orchestrator.generation.ownership import SIGN

_CONFIGS: Final = ("pyproject.toml", "pytest.ini", "setup.cfg", "tox.ini", "setup.py")
_ENVIRONMENTS: Final = (".venv", "venv", "env")
_OTHERS: Final = frozenset({*_ENVIRONMENTS, "node_modules", "site-packages", "__pycache__"})
_LONGEST: Final = 200  # characters of a marker
_MOST_READ: Final = 2_000  # files whose imports are read
_IMPORT: Final = re.compile(rb"^[ \t]*(?:from|import)[ \t]+([A-Za-z_][\w.]*)(?:[ \t]+import[ \t]+(\w+))?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Project:
    """What pytest would make of the target's place."""

    directory: Path
    """Where pytest is run."""
    import_root: Path
    module: str
    """The target's dotted name below the import root."""
    known: tuple[Path, ...]
    """What pytest itself makes importable."""
    inner: tuple[str, ...] = ()
    """Directories below the import root that the target takes its neighbours from."""

    @property
    def paths(self) -> list[str]:
        """All that must be importable, in order."""
        inner = [str(self.import_root / each) for each in self.inner]
        return list(dict.fromkeys([str(self.import_root), *map(str, self.known), *inner]))

    @property
    def is_known(self) -> bool:
        """Pytest finds the target without help."""
        return self.import_root in self.known and not self.inner


def find_project(root: Path, target: str, tree: ast.Module) -> Project:
    """Return the project around a target that is a file below the root."""
    path = root / target
    directory = next(
        (each for each in _upwards(path.parent, root) if any(_is_config(each / name) for name in _CONFIGS)), root
    )
    known = tuple((directory / each).resolve() for each in _pythonpath(directory))
    import_root = _import_root(path, directory, known)
    inner = path.parent.relative_to(import_root).as_posix()
    needs_neighbours = path.parent != import_root and _takes_neighbours(tree, path)
    parts = path.relative_to(import_root).with_suffix("").parts
    module = ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)
    if not all(part.isidentifier() for part in module.split(".")):
        raise TaskError(
            "generation/not-covered",
            f"`{target}` has a path that cannot be imported",
            hint="directories and file need names like `my_module`",
        )
    return Project(directory, import_root, module, known, (inner,) if needs_neighbours else ())


def find_interpreter(root: Path, target: str, environ: Mapping[str, str]) -> str:
    """Return the Python that the target is run with: the nearest environment, else the caller's."""
    for directory in _upwards((root / target).parent, root):
        for name in _ENVIRONMENTS:
            python = directory / name / "bin" / "python"
            if python.exists():
                return str(python)
    if active := environ.get("VIRTUAL_ENV"):
        return str(Path(active) / "bin" / "python")
    return "python3"


def _is_config(file: Path) -> bool:
    """Say whether a file configures a project; a package may have a module `setup.py` of its own."""
    return file.is_file() and (file.name != "setup.py" or b"setup(" in file.read_bytes())


def _upwards(start: Path, root: Path) -> Iterator[Path]:
    for directory in (start, *start.parents):
        yield directory
        if directory == root:
            return


def _import_root(path: Path, directory: Path, known: tuple[Path, ...]) -> Path:
    if (imported := _root_by_imports(path, directory)) is not None:
        return imported
    around = [each for each in known if path.is_relative_to(each)]
    if around:
        return max(around, key=lambda each: len(each.parts))
    package = path.parent
    if (package / "__init__.py").exists():
        while (package / "__init__.py").exists() and package != directory:
            package = package.parent
        return package
    source = directory / "src"
    return source if path.is_relative_to(source) else directory


def _root_by_imports(path: Path, directory: Path) -> Path | None:
    """Return the directory from which the project's files import the target, or most of the packages around it.

    Its tests are asked first: what others import need not be importable for pytest.
    """
    files = list(islice(_sources(directory), _MOST_READ))
    tests = [each for each in files if "test" in each.relative_to(directory).as_posix()]
    return _root_by_names(path, directory, _imported_names(tests)) or _root_by_names(
        path, directory, _imported_names(files)
    )


def _root_by_names(path: Path, directory: Path, names: set[str]) -> Path | None:
    """Return the directory below which most of the target's path is one of the names."""
    parts = (*path.parent.parts, *(() if path.stem == "__init__" else (path.stem,)))
    found: dict[int, Path] = {}
    for root in (each for each in _upwards(path.parent, directory) if each != path.parent):
        inner = parts[len(root.parts) :]
        known = next((count for count in range(len(inner), 1, -1) if ".".join(inner[:count]) in names), 0)
        found.setdefault(known, root)
    most = max(found, default=0)
    return found[most] if most else None


def _imported_names(files: Sequence[Path]) -> set[str]:
    """Return the dotted names that files import, and those of the packages around them."""
    names: set[str] = set()
    for file in files:
        with contextlib.suppress(OSError):
            for home, member in _IMPORT.findall(file.read_bytes()):
                parts = [*home.decode().split("."), member.decode()]
                names |= {".".join(parts[:count]) for count in range(2, len(parts) + 1)}
    return names


def _settings(directory: Path) -> dict[str, Any]:
    """Return what `pyproject.toml` says to tools."""
    try:
        found = tomllib.loads((directory / "pyproject.toml").read_text("utf-8")).get("tool", {})
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _pythonpath(directory: Path) -> list[str]:
    """Return pytest's `pythonpath`, from the first file that configures pytest."""
    options = _settings(directory).get("pytest", {}).get("ini_options")
    if isinstance(options, dict):
        value = options.get("pythonpath", [])
        return value.split() if isinstance(value, str) else [str(each) for each in value]
    for name, section in (("pytest.ini", "pytest"), ("tox.ini", "pytest"), ("setup.cfg", "tool:pytest")):
        parser = configparser.ConfigParser(interpolation=None)
        try:
            parser.read(directory / name, encoding="utf-8")
        except (configparser.Error, ValueError):
            continue
        if parser.has_section(section):
            return parser.get(section, "pythonpath", fallback="").split()
    return []


def _takes_neighbours(tree: ast.Module, path: Path) -> bool:
    """Say whether the target imports a file beside it as though it were at the top."""
    names = {
        alias.name.partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    names |= {
        (node.module or "").partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and not node.level
    }
    return any(
        (path.parent / f"{name}.py").is_file() or (path.parent / name / "__init__.py").is_file()
        for name in names
        if name
    )


def find_generated(directory: Path) -> list[Path]:
    """Return the test files below a directory that nobody wrote by hand."""
    return [each for each in _sources(directory) if "test" in each.name and _is_generated(each)]


def _sources(directory: Path) -> Iterator[Path]:
    """Yield the Python files below a directory that belong to nobody else."""
    for place, inner, names in os.walk(directory):
        inner[:] = sorted(each for each in inner if not each.startswith(".") and each not in _OTHERS)
        yield from (Path(place, name) for name in sorted(names) if name.endswith(".py"))


def _is_generated(file: Path) -> bool:
    try:
        with file.open(encoding="utf-8", errors="replace") as lines:
            return SIGN in lines.readline(_LONGEST)
    except OSError:
        return False


def find_formatter(interpreter: str, directory: Path, root: Path) -> list[str] | None:
    """Return the command that formats a file the project's way: by what it configures and its environment has."""
    for name, command in (("black", ["--quiet"]), ("ruff", ["format", "--quiet"])):
        program = Path(interpreter).with_name(name)
        if program.exists() and any(_configures(each, name) for each in _upwards(directory, root)):
            return [str(program), *command]
    return None


def _configures(directory: Path, tool: str) -> bool:
    has_file = any((directory / name).is_file() for name in (f"{tool}.toml", f".{tool}.toml"))
    return has_file or tool in _settings(directory)


def stripped(environ: Mapping[str, str], home: Path) -> dict[str, str]:
    """Return an environment without secrets and without what differs between machines."""
    kept = {name: environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT") if name in environ}
    fixed = {"HOME": str(home), "TMPDIR": str(home), "TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0"}
    return {**kept, **fixed, "PYTHONDONTWRITEBYTECODE": "1", "PATH": kept.get("PATH", os.defpath)}
