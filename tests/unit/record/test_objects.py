from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from orchestrator.change import digest
from orchestrator.errors import EnvironmentProblem
from orchestrator.record.objects import ObjectStore


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return ObjectStore(tmp_path / "objects")


def files(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "objects").rglob("*") if path.is_file()]


@pytest.mark.parametrize("content", [b"", b"text\n", bytes(range(256)) * 5000])
def test_what_is_kept_comes_back_by_its_digest(store: ObjectStore, content: bytes) -> None:
    name = store.put(content)
    assert name == digest(content)
    assert store.get(name) == content


def test_only_the_owner_may_read_it(store: ObjectStore, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store.put(b"a secret")
    finally:
        os.umask(before)
    (file,) = files(tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_equal_contents_are_kept_once(store: ObjectStore, tmp_path: Path) -> None:
    assert store.put(b"same") == store.put(b"same")
    assert len(files(tmp_path)) == 1


def test_what_was_never_kept_is_none(store: ObjectStore) -> None:
    assert store.get("0" * 64) is None


def test_a_damaged_object_is_none_and_is_kept_anew_when_it_comes_again(store: ObjectStore, tmp_path: Path) -> None:
    name = store.put(b"precious")
    (file,) = files(tmp_path)
    file.chmod(0o600)
    file.write_bytes(b"precioux")
    assert store.get(name) is None
    assert store.put(b"precious") == name
    assert store.get(name) == b"precious"


def test_a_place_that_cannot_be_written_is_the_machine_s_problem(tmp_path: Path) -> None:
    (tmp_path / "objects").write_text("a file where the directory should be")
    with pytest.raises(EnvironmentProblem):
        ObjectStore(tmp_path / "objects").put(b"x")
