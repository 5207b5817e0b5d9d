"""File contents kept by their digest: what a file was before a task changed it."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from orchestrator.change import digest
from orchestrator.errors import raise_os_error


class ObjectStore:
    """Readable only by their owner, because a file may hold a secret."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def put(self, content: bytes) -> str:
        """Keep `content`, durably; return its digest.

        :raises EnvironmentProblem: when the machine refuses.
        """
        name = digest(content)
        assert name is not None
        target = self._directory / name[:2] / name
        if self.get(name) is not None:
            return name
        try:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            temporary = target.with_suffix(f".{os.getpid()}")
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with open(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
            for directory in (target.parent, self._directory):
                _flush(directory)
        except OSError as error:
            raise_os_error(error, target)
        return name

    def keep_only(self, names: Collection[str]) -> None:
        """Forget all contents but these."""
        for path in self._directory.glob("??/*"):
            if path.name not in names:
                path.unlink()

    def get(self, name: str) -> bytes | None:
        """Return the content with this digest, None if it is not kept or was damaged."""
        try:
            content = (self._directory / name[:2] / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return content if digest(content) == name else None


def _flush(directory: Path) -> None:
    """Make the names in a directory survive a power cut, as its files do."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
