"""The project's files: read through a view without write methods, written only by `apply`.

No path leaves the project root, not through `..`, not through a link. A file is replaced by writing a temporary file
beside it, flushing it to disk and renaming it, so that no reader ever sees half of it.
"""

from __future__ import annotations

import hashlib
import os
import stat
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final, Protocol

from orchestrator import globs
from orchestrator.change import FileEdit, digest
from orchestrator.errors import TaskError, raise_os_error


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


NEW_FILE_MODE: Final = 0o666 & ~_umask()
"""Asked for once, before there are threads: asking changes it for a moment, for all of them."""


class FileView(Protocol):
    """What a handler may know of the project's files. Paths are relative, with `/`."""

    def read(self, path: str) -> bytes | None:
        """Return a file's content, None where there is no such file.

        :raises TaskError: for a path out of the project, a directory, or a file that cannot be read.
        """

    def mode(self, path: str) -> int | None:
        """Return a file's permission bits, None where there is no such file."""

    def is_directory(self, path: str) -> bool:
        """Say whether `path` is a directory of the project."""

    def match(self, pattern: str) -> list[str]:
        """Return the files that match a pattern (see `globs`), sorted."""

    def stamp(self, paths: Iterable[str]) -> str | None:
        """Return a fingerprint of what the file system says of files: their sizes, times and inodes.

        None where that does not tell of a change: a file is missing, is a directory or is not on disk.
        """


class Workspace:
    """The project on disk."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._real_root = os.path.realpath(root)
        self._inside_prefix = os.path.join(self._real_root, "")  # also where the root is `/`

    def locate(self, path: str) -> str:
        """Return the absolute path of `path`.

        :raises TaskError: when it leads out of the project.
        """
        full = os.path.join(self._real_root, path)
        real = os.path.realpath(full)
        if real != self._real_root and not real.startswith(self._inside_prefix):
            raise TaskError("task/refused", f"`{path}` leads out of the project")
        return full

    @cached_property
    def _directory(self) -> int:
        """The root, held open: looking a path up from here takes half the time that it takes from the top."""
        descriptor = os.open(self._real_root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, descriptor)
        return descriptor

    def read(self, path: str) -> bytes | None:
        full = self.locate(path)
        try:
            with open(full, "rb", opener=_open_at_once) as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise TaskError("task/refused", f"`{path}` is not a regular file")
                return file.read()
        except FileNotFoundError:
            if os.path.islink(full):
                raise TaskError("task/refused", f"`{path}` is a broken link") from None
            return None
        except NotADirectoryError:
            return None
        except IsADirectoryError:
            raise TaskError("task/refused", f"`{path}` is a directory") from None
        except OSError as error:
            raise _unreadable(path, error) from error

    def mode(self, path: str) -> int | None:
        try:
            return stat.S_IMODE(os.stat(self.locate(path)).st_mode)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _unreadable(path, error) from error

    def is_directory(self, path: str) -> bool:
        return os.path.isdir(self.locate(path))

    def match(self, pattern: str) -> list[str]:
        inside: dict[str, bool] = {}  # by directory: asking once is enough
        return [path for path in globs.match_files(self._real_root, pattern) if self._inside(path, inside)]

    def stamp(self, paths: Iterable[str]) -> str | None:
        told, directory = "", self._directory
        try:
            for path in paths:
                state = os.stat(path, dir_fd=directory)
                if not stat.S_ISREG(state.st_mode):
                    return None
                told += f"{path}\0{state.st_size} {state.st_mtime_ns} {state.st_ino}\0"
        except OSError:
            return None
        return hashlib.sha256(told.encode("utf-8", "surrogateescape")).hexdigest()[:32]

    def apply(self, edits: Sequence[FileEdit], suffix: str) -> None:
        """Make the files what `edits` say, all checked before the first is touched.

        `suffix` names the temporary files, so that a later process can find those a killed one left.

        :raises TaskError: `task/conflict` when a file is no longer what the edit saw.
        :raises EnvironmentProblem: when the machine refuses.
        """
        for edit in edits:
            if self.read(edit.path) != edit.before:
                raise TaskError("task/conflict", f"`{edit.path}` changed while the task worked on it", retryable=True)
        for edit in edits:
            self.write(edit, suffix)

    def write(self, edit: FileEdit, suffix: str) -> None:
        """Make one file what `edit` says.

        :raises EnvironmentProblem: when the machine refuses; the file is then as it was.
        """
        target = self._resolve_link(edit.path)
        try:
            if edit.after is None:
                os.unlink(target)
                _flush_directory(os.path.dirname(target))
            else:
                self._replace(target, edit, suffix)
        except OSError as error:
            raise_os_error(error, edit.path)

    def files_below(self, paths: Iterable[str], most: int) -> list[str] | None:
        """Return the regular files at and below `paths`, sorted; None if there are more than `most`.

        Links are not followed, and what `globs.SKIPPED` names is left out unless a path names it.
        """
        found: set[str] = set()
        for path in paths:
            full = self.locate(path)
            if os.path.isfile(full) and not os.path.islink(full):
                found.add(os.path.normpath(path))
            for file in walk(Path(full)) if os.path.isdir(full) else ():
                if not file.is_symlink() and file.is_file():
                    found.add(os.path.relpath(file, self._real_root))
                if len(found) > most:
                    return None
        return sorted(found)

    def missing_directories(self, path: str) -> list[str]:
        """Return those parents of `path` that do not exist yet, outermost first."""
        missing = []
        parent = os.path.dirname(path)
        while parent and not os.path.isdir(os.path.join(self._real_root, parent)):
            missing.append(parent)
            parent = os.path.dirname(parent)
        return missing[::-1]

    def remove_empty(self, directories: Iterable[str]) -> None:
        """Remove those of `directories` that are empty, innermost first."""
        for path in sorted(directories, key=len, reverse=True):
            try:
                os.rmdir(self.locate(path))
            except OSError:
                continue

    def remove_temporary(self, path: str, suffix: str) -> None:
        """Remove what a killed process may have left beside `path`."""
        try:
            os.unlink(self._resolve_link(path) + suffix)
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise_os_error(error, path)

    def _replace(self, target: str, edit: FileEdit, suffix: str) -> None:
        assert edit.after is not None
        os.makedirs(os.path.dirname(target), exist_ok=True)
        mode = edit.mode if edit.mode is not None else self.mode(edit.path)
        temporary = target + suffix
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            with open(descriptor, "wb") as file:
                self.put(file.write, edit.after)
                file.flush()
                os.fchmod(file.fileno(), mode if mode is not None else NEW_FILE_MODE)
                os.fsync(file.fileno())
            self.rename(temporary, target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        _flush_directory(os.path.dirname(target))

    def put(self, write: Callable[[bytes], int], content: bytes) -> None:
        """Write a file's content; a test's workspace runs out of space here."""
        write(content)

    def rename(self, temporary: str, target: str) -> None:
        """Put the finished file in its place; a test's workspace is killed here."""
        os.replace(temporary, target)

    def _resolve_link(self, path: str) -> str:
        return os.path.realpath(self.locate(path))

    def _inside(self, path: str, known: dict[str, bool]) -> bool:
        directory = os.path.dirname(path)
        if directory not in known:
            real = os.path.realpath(os.path.join(self._real_root, directory))
            known[directory] = f"{real}{os.sep}".startswith(self._inside_prefix)
        full = os.path.join(self._real_root, path)
        if os.path.islink(full):
            return os.path.realpath(full).startswith(self._inside_prefix)
        return known[directory]


class Overlay:
    """The project as it would be: edits laid over another view, in memory."""

    def __init__(self, below: FileView) -> None:
        self._below = below
        self._laid: dict[str, tuple[bytes | None, int | None]] = {}  # content and mode, None = absent

    def lay(self, edits: Iterable[FileEdit]) -> None:
        """Show the project as if `edits` were applied."""
        for edit in edits:
            mode = edit.mode if edit.mode is not None else self.mode(edit.path)
            kept = None if edit.after is None else NEW_FILE_MODE if mode is None else mode
            self._laid[os.path.normpath(edit.path)] = (edit.after, kept)

    def read(self, path: str) -> bytes | None:
        laid = self._laid.get(os.path.normpath(path))
        return laid[0] if laid else self._below.read(path)

    def mode(self, path: str) -> int | None:
        laid = self._laid.get(os.path.normpath(path))
        return laid[1] if laid else self._below.mode(path)

    def is_directory(self, path: str) -> bool:
        inside = os.path.normpath(path) + "/"
        return self._below.is_directory(path) or any(
            name.startswith(inside) and content is not None for name, (content, _) in self._laid.items()
        )

    def match(self, pattern: str) -> list[str]:
        found = set(self._below.match(pattern))
        for path, (content, _) in self._laid.items():
            if globs.matches(pattern, path):
                (found.discard if content is None else found.add)(path)
        return sorted(found)

    def stamp(self, paths: Iterable[str]) -> str | None:
        known = list(paths)
        if any(os.path.normpath(path) in self._laid for path in known):
            return None
        return self._below.stamp(known)


def digests(view: FileView, paths: Iterable[str]) -> dict[str, str | None]:
    """Return the digest of each file."""
    return {path: digest(view.read(path)) for path in paths}


def still_holds(view: FileView, expected: Mapping[str, str | None]) -> bool:
    """Say whether every file still has the digest it is expected to have."""
    try:
        return all(digest(view.read(path)) == known for path, known in expected.items())
    except TaskError:
        return False


def walk(root: Path) -> Iterator[Path]:
    """Yield every file and link below `root`, sorted, leaving out what `globs.SKIPPED` names."""
    for directory, names, files in os.walk(root):
        names[:] = sorted(set(names) - globs.SKIPPED)
        yield from (Path(directory, name) for name in sorted(files))


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)  # a named pipe would wait for somebody to write


def _unreadable(path: str, error: OSError) -> TaskError:
    reason = (error.strerror or str(error)).lower()
    return TaskError("task/refused", f"`{path}` cannot be read: {reason}")


def _flush_directory(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
