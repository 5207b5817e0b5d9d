"""Git: what a run should remember of the repository, and commits of exactly what a run applied."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.errors import EnvironmentProblem, UsageError

if TYPE_CHECKING:
    import git


def facts(root: Path) -> dict[str, Any]:
    """Return `branch`, `head`, `dirty`, `remote` and its `host` for the repository of `root`; empty if it has none.

    Reads only, and takes no lock.
    """
    repository = _open(root)
    if repository is None:
        return {}
    with repository:
        try:
            remotes = sorted(repository.remotes, key=lambda remote: remote.name != "origin")
            remote = next(iter(remotes[0].urls), None) if remotes else None
            head = repository.head
            branch = None if head.is_detached else head.reference.name
            commit = head.commit.hexsha if head.is_valid() else None
            dirty = bool(repository.git.status("--porcelain", "--untracked-files=no", "--", str(root)))
        except (*_git_errors(), ValueError, OSError):
            return {}
    return {"branch": branch, "head": commit, "dirty": dirty, "remote": _slug(remote), "host": _host(remote)}


def default_branch(root: Path) -> str:
    """Return the branch that the remote starts from, `main` if nothing tells."""
    repository = _open(root)
    if repository is None:
        return "main"
    with repository:
        names = {head.name for head in repository.heads}
        for remote in repository.remotes:
            head = repository.git.symbolic_ref("-q", f"refs/remotes/{remote.name}/HEAD", with_exceptions=False)
            if head:
                return str(head).rpartition("/")[2]
        return "master" if "master" in names and "main" not in names else "main"


def switch(root: Path, branch: str) -> None:
    """Check out `branch`, made from HEAD if it does not exist.

    :raises UsageError: for a name that git does not take, or when git refuses.
    """
    repository = _require(root)
    with repository:
        if not repository.head.is_detached and repository.head.reference.name == branch:
            return
        try:
            repository.git.check_ref_format("--branch", branch)
            exists = branch in {head.name for head in repository.heads}
            if exists:
                repository.git.switch("--no-guess", branch)
            else:
                repository.git.switch("--create", branch)
        except _git_errors() as error:
            raise UsageError("usage/bad-option", f"git cannot switch to `{branch}`: {_reason(error)}") from None


def commit(root: Path, paths: Sequence[str], message: str) -> str | None:
    """Commit these paths as they are on disk, and nothing else that is staged or changed; return the commit.

    Returns None when they hold nothing new.

    :raises EnvironmentProblem: when git refuses.
    """
    repository = _require(root)
    with repository:
        names = [_below(repository, root, path) for path in paths]
        try:
            known = [
                f":(top,literal){name}"
                for name in names
                if not repository.git.check_ignore("--", f"./{name}", with_exceptions=False)
            ]
            if not known:
                return None
            repository.git.add("--intent-to-add", "--", *known)
            if not repository.git.status("--porcelain", "--", *known):
                return None
            repository.git.commit("--quiet", "--only", "-m", message, "--", *known)
        except _git_errors() as error:
            raise EnvironmentProblem("environment/io", f"git cannot commit: {_reason(error)}") from None
        return str(repository.head.commit.hexsha)


def _open(root: Path) -> git.Repo | None:
    if not any((parent / ".git").exists() for parent in (root, *root.parents)):
        return None  # spares the import
    import git

    os.environ.setdefault("GIT_OPTIONAL_LOCKS", "0")
    try:
        return git.Repo(root, search_parent_directories=True)
    except (git.InvalidGitRepositoryError, git.NoSuchPathError):
        return None


def _require(root: Path) -> git.Repo:
    repository = _open(root)
    if repository is None:
        hint = "run `git init`, or leave `settings.git` out"
        raise UsageError("usage/bad-option", f"`{root}` is in no git repository", hint=hint)
    return repository


def _git_errors() -> tuple[type[Exception], type[Exception]]:
    import git

    return (git.GitError, git.GitCommandError)


def _below(repository: git.Repo, root: Path, path: str) -> str:
    top = Path(str(repository.working_tree_dir)).resolve()
    return (root.resolve() / path).relative_to(top).as_posix()


def _slug(remote: str | None) -> str | None:
    """Return `owner/name` of a remote's address."""
    match = re.search(r"[:/]([^/:]+/[^/]+?)(?:\.git)?/?$", remote or "")
    return match[1] if match else None


def _host(remote: str | None) -> str | None:
    """Return the machine a remote's address names."""
    match = re.match(r"(?:\w+://)?(?:[^@/]+@)?([\w.-]+\.[\w-]+)(?::\d+)?[:/]", remote or "")
    return match[1] if match else None


def _reason(error: Exception) -> str:
    text = str(getattr(error, "stderr", "") or error).strip()
    lines = [line.strip().removeprefix("stderr: '").removesuffix("'") for line in text.splitlines()]
    return next((line.removeprefix("fatal: ").removeprefix("error: ") for line in lines if line), "it failed")
