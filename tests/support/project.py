"""A small real project in a temporary directory, and the command as a person starts it there."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestrator.app.project import Options, Ports, Project
from orchestrator.app.run import execute
from orchestrator.record.events import Entry, TaskFinished
from orchestrator.record.journal import SqliteJournal
from orchestrator.record.state import RunState, fold
from orchestrator.signals import restore

REPOSITORY = Path(__file__).parents[2]
SAMPLE = REPOSITORY / "examples" / "community-platform"
PLANS = REPOSITORY / "tests" / "plans" / "good"
COMMAND = Path(sys.executable).with_name("orchestrate")
PATIENCE = 60.0
"""Seconds after which a command that should have ended makes a test fail."""
STATE = ".orchestrator"

Tree = dict[str, tuple[int, str]]
"""By path: permission bits, and the digest of the content, the target of a link or `directory`."""


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """The objects that `run --json` printed, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]

    def statuses(self) -> dict[str, str]:
        """Return how each task ended, by the events of `run --json`."""
        return {event["task"]: event["status"] for event in self.events if event["kind"] == "TaskFinished"}

    def __str__(self) -> str:
        return f"exit code {self.code}\n{self.out}\n{self.err}"


@dataclass
class Site:
    """A project, its plan, and a home directory that is nobody's."""

    base: Path
    options: list[str] = field(default_factory=list)
    """Given to every command that takes them."""

    def __post_init__(self) -> None:
        self.root = self.base / "project"
        self.root.mkdir(parents=True, exist_ok=True)
        self.home = self.base / "home"
        self.home.mkdir(exist_ok=True)
        self.config = self.root / "config" / "phases.yaml"

    @property
    def environ(self) -> dict[str, str]:
        """All that commands know of their environment."""
        return {
            "PATH": os.pathsep.join([str(COMMAND.parent), os.environ["PATH"]]),
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            **{f"GIT_{who}_{what}": "Test" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
        }

    # --- what there is ----------------------------------------------------------------------------------

    def write(self, path: str, content: str | bytes, mode: int | None = None) -> Path:
        """Write a file of the project."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        if mode is not None:
            target.chmod(mode)
        return target

    def read(self, path: str) -> str:
        """Return the text of a file of the project."""
        return (self.root / path).read_bytes().decode()

    def plan(self, *tasks: Mapping[str, Any], **group: Any) -> None:
        """Write a plan of one group; settings, secrets and variables are the plan's, the rest the group's."""
        self.phases({"a": {"tasks": list(tasks), **group}})

    def phases(self, *phases: Mapping[str, Any], **whole: Any) -> None:
        """Write a plan of phases, each a mapping of groups by one letter; other keys are the phase's."""
        whole = dict(whole)
        document: dict[str, Any] = {}
        for number, phase in enumerate(phases, 1):
            groups = {}
            own: dict[str, Any] = {"name": f"Phase {number}"}
            for key, value in phase.items():
                if len(key) > 1:
                    own[key] = value
                    continue
                group = dict(value)
                for name in ("settings", "secrets", "variables", "checkpoints"):
                    if name in group:
                        whole[name] = group.pop(name)
                groups[f"group_{key}"] = {"name": f"Group {key}", **group}
            document[f"phase_{number}"] = {**own, "groups": groups}
        settings = {"retry_delay_seconds": 0.05, **whole.pop("settings", {})}
        about = {"name": "Test plan", "version": "1", "project_root": "..", "settings": settings}
        # JSON is YAML.
        text = json.dumps({"orchestrator": about, **whole, **document}, indent=1)
        self.config.parent.mkdir(parents=True, exist_ok=True)
        self.config.write_text(text)

    def tree(self) -> Tree:
        """Return every file, link and directory of the project, without git's and our own."""
        return tree_of(self.root, {".git", STATE})

    def git(self, *arguments: str) -> str:
        """Run git in the project; return what it prints."""
        argv = ["git", "-C", str(self.root), *arguments]
        return subprocess.run(argv, env=self.environ, check=True, capture_output=True, text=True).stdout

    def commit_everything(self) -> None:
        """Make the project a git repository with one commit."""
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "Start")

    # --- what is done -----------------------------------------------------------------------------------

    def orchestrate(self, *arguments: str, **environ: str) -> Ended:
        """Run the command to its end."""
        process = self.start(*arguments, **environ)
        return ended(process)

    def run(self, *arguments: str, **environ: str) -> Ended:
        """Run the plan, applying without a question, with events as output."""
        return self.orchestrate("run", "--yes", "--json", *arguments, **environ)

    def start(self, *arguments: str, through: Sequence[str] = (), **environ: str) -> subprocess.Popen[str]:
        """Start the command, through another one if there is one, and leave it running."""
        return subprocess.Popen(
            [*through, COMMAND, *arguments[:1], *self.options, *arguments[1:]],
            cwd=self.root,
            env={**self.environ, **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=restore,
        )

    def project(self, ports: Ports | None = None, **options: Any) -> Project:
        """Return the plan and project as the faces of the program see them."""
        ports = ports or Ports(environ=self.environ)
        return Project(Options(config=self.config, project=self.root, **options), ports)

    def apply(self, ports: Ports | None = None, **options: Any) -> RunState:
        """Run the plan in this process; return the state of the run."""
        return execute(self.project(ports, **options))

    def state(self) -> RunState:
        """Return the state of the last run."""
        return fold(self.entries(self.runs()[-1]))

    def runs(self) -> list[str]:
        """Return the ids of all runs."""
        with self._journal() as journal:
            return journal.runs()

    def entries(self, run: str | None = None) -> list[Entry]:
        """Return what the journal holds, without changing a byte of it."""
        with self._journal() as journal:
            return list(journal.entries(run=run))

    def finished(self) -> dict[str, str]:
        """Return the last status of every task that ever ended."""
        found = (entry.event for entry in self.entries())
        return {event.task: event.status for event in found if isinstance(event, TaskFinished)}

    @contextmanager
    def _journal(self) -> Iterator[SqliteJournal]:
        with closing(SqliteJournal(self.root / STATE / "journal.db", read_only=True)) as journal:
            yield journal


def sample_site(base: Path) -> Site:
    """Return a site that holds a copy of the sample project, in git."""
    site = Site(base)
    kept_out = shutil.ignore_patterns("node_modules", ".venv", "__pycache__", ".orchestrator", "coverage", ".*_cache")
    shutil.copytree(SAMPLE, site.root, dirs_exist_ok=True, ignore=kept_out)
    site.commit_everything()
    return site


def shell(task_id: str, run: str | list[str], **more: Any) -> dict[str, Any]:
    """Return a `shell` task."""
    return {"id": task_id, "name": f"Task {task_id}", "type": "shell", "run": run, **more}


def generate(task_id: str, target: str, *templates: str, **more: Any) -> dict[str, Any]:
    """Return a `file_generation` task."""
    names = list(templates)
    return {"id": task_id, "name": f"Task {task_id}", "type": "file_generation", "target": target,
            "templates": names, **more}  # fmt: skip


def ask(task_id: str, **more: Any) -> dict[str, Any]:
    """Return a `manual` task."""
    return {
        "id": task_id,
        "name": f"Task {task_id}",
        "type": "manual",
        "description": "Look, then say yes.",
        **more,
    }


def ended(process: subprocess.Popen[str]) -> Ended:
    """Wait for a command; one that does not end in time is killed."""
    try:
        out, err = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        out, err = process.communicate()
        raise AssertionError(f"the command did not end:\n{out}\n{err}") from None
    return Ended(process.returncode, out, err)


def tree_of(root: Path, without: set[str]) -> Tree:
    """Return every file, link and directory below `root`."""
    found: Tree = {}
    for directory, names, files in os.walk(root):
        names[:] = [name for name in names if name not in without]
        for name in (*names, *files):
            path = Path(directory, name)
            mode = path.lstat().st_mode & 0o7777
            if path.is_symlink():
                content = f"-> {os.readlink(path)}"
            elif path.is_dir():
                content = "directory"
            else:
                content = hashlib.sha256(path.read_bytes()).hexdigest()
            found[path.relative_to(root).as_posix()] = (mode, content)
    return found


def changed(before: Tree, after: Tree) -> set[str]:
    """Return the paths that are not the same in both."""
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}


def statuses(state: RunState) -> dict[str, str]:
    """Return the status of each task of a run."""
    return {task.id: task.status for task in state.tasks.values()}


def alive(mark: str) -> list[str]:
    """Return the command lines of the processes with `mark`, a whole `NAME=VALUE`, in their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if mark.encode() in (entry / "environ").read_bytes().split(b"\0"):
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if command:  # a process that has ended and is not buried has none
                    found.append(f"{entry.name} {command}")
        except OSError:
            continue
    return found


def wait_until(holds: Callable[[], object], what: str, seconds: float = 20.0) -> None:
    """Wait until something holds; fail, naming it, when it never does."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"it never came about that {what}"
        time.sleep(0.02)
