"""Makes tests for a Python target: record, emit, validate, and say what came of it.

The kit does what needs the target's interpreter; here its JSON becomes text, and the text is proven by pytest before
anybody sees it. The test file is as it was when this ends: who asked writes it.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from orchestrator.errors import Location, TaskError
from orchestrator.generation.python.emission import Emitted, Place, emit
from orchestrator.generation.python.foreseen import parse
from orchestrator.generation.python.project import Project, find_interpreter, find_project, stripped
from orchestrator.generation.request import Request, RunCommand
from orchestrator.generation.result import Coverage, Funnel, Generated

KIT: Final = Path(__file__).parent / "kit" / "start.py"
SEEDS: Final = (11, 23, 37, 53, 71)
REPEATED: Final = 5
_ROUNDS: Final = 3  # how often failing cases are taken out before the whole is given up

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Bench:
    """What every stage needs."""

    request: Request
    command: RunCommand
    directory: Path
    progress: Progress
    project: Project
    interpreter: str
    environ: Mapping[str, str]

    async def stage(self, name: str, asked: Mapping[str, Any], order: str = "0") -> dict[str, Any]:
        """Run one stage of the kit and return its answer; sets are walked in the order that `order` seeds.

        :raises TaskError: when it ends without one.
        """
        answer = self.directory / f"{name}.json"
        answer.unlink(missing_ok=True)
        (self.directory / f"{name}.request.json").write_text(json.dumps(asked, indent=1), "utf-8")
        if not shutil.which(self.interpreter):
            raise TaskError(
                "generation/tool-missing", f"there is no Python at `{self.interpreter}`",
                hint="make the project's environment, or leave the one that is named by `VIRTUAL_ENV`",
            )  # fmt: skip
        spoken: list[bytes] = []
        code = await self.command(
            [self.interpreter, "-B", str(KIT), name, str(self.directory)],
            cwd=self.directory,
            env={**stripped(self.environ, self.directory), "PYTHONHASHSEED": order},
            output=lambda data: self._hear(data, spoken),
        )
        if not answer.exists():
            raise self._without_answer(name, code, b"".join(spoken).decode("utf-8", "replace"))
        found: dict[str, Any] = json.loads(answer.read_text("utf-8"))
        return found

    def _hear(self, data: bytes, spoken: list[bytes]) -> None:
        spoken.append(data)
        for line in data.decode("utf-8", "replace").splitlines():
            if line.startswith("search "):
                self.progress(line)

    def _without_answer(self, stage: str, code: int, spoken: str) -> TaskError:
        if "No module named 'pytest'" in spoken:
            return TaskError(
                "generation/tool-missing",
                f"`{self.interpreter}` has no pytest",
                hint="install the project's test requirements",
            )
        if "Timeout (" in spoken:
            return TaskError(
                "generation/target-broken", f"`{self.request.target}` does not end and cannot be interrupted",
                hint=f"see the log of the stage `{stage}`",
            )  # fmt: skip
        last = (spoken.strip().splitlines() or ["it said nothing"])[-1]
        return TaskError("generation/target-broken", f"the stage `{stage}` ended with exit code {code}: {last}")


async def generate(
    request: Request, command: RunCommand, directory: Path, progress: Progress, environ: Mapping[str, str]
) -> Generated:
    """Return tests for the target, all of them proven; `directory` keeps what each stage found.

    :raises TaskError: when the target cannot be imported, or nothing of it can be tested.
    """
    began = time.monotonic()
    bench = _bench(request, command, directory, progress, environ)
    root = bench.request.root
    recording = await _record(bench, root)
    emitted, funnel, after, before = await _prove(bench, recording, root)
    return Generated(
        text=emitted.text,
        funnel=funnel,
        before=before,
        after=after,
        mutants=recording["mutants"],
        killed=recording["killed"],
        seconds=round(time.monotonic() - began, 1),
        suspicious=(*recording["suspicious"], *_untested(recording["refused"])),
        titles=tuple(emitted.cases),
    )


def _untested(refused: Mapping[str, str]) -> list[str]:
    """Return a line for each reason why something is not tested, with the first that it holds for."""
    by_reason: dict[str, list[str]] = {}
    for name, reason in refused.items():
        by_reason.setdefault(reason, []).append(name)
    return [
        f"`{names[0]}`{f' and {len(names) - 1} more' if len(names) > 1 else ''} not tested: {reason}"
        for reason, names in by_reason.items()
    ]


def _bench(
    request: Request, command: RunCommand, directory: Path, progress: Progress, environ: Mapping[str, str]
) -> _Bench:
    request = replace(request, root=request.root.resolve())
    tree = parse(_content(request), request.target)
    project = find_project(request.root, request.target, tree)
    interpreter = find_interpreter(request.root, request.target, environ)
    return _Bench(request, command, directory.resolve(), progress, project, interpreter, environ)


def _content(request: Request) -> bytes:
    if Path(request.target).suffix != ".py":
        raise TaskError("generation/not-covered", f"`{request.target}` is no Python file", hint="name one `.py` file")
    try:
        content = (request.root / request.target).read_bytes()
    except OSError as error:
        raise TaskError("generation/target-missing", f"`{request.target}` cannot be read: {error.strerror}") from None
    if not content.strip():
        raise TaskError("generation/target-missing", f"`{request.target}` is empty")
    return content


async def _record(bench: _Bench, root: Path) -> dict[str, Any]:
    bench.progress(f"searching `{bench.request.target}`")
    recording = await bench.stage("record", {
        "target": str(root / bench.request.target),
        "module": bench.project.module,
        "paths": bench.project.paths,
        "environment": stripped(bench.environ, bench.directory),
        "budget": bench.request.budget,
        "conftests": _conftests(bench, root),
    })  # fmt: skip
    if "broken" in recording:
        raise _broken(recording, root, bench.request.target)
    if not recording["cases"]:
        reasons = [*recording["refused"].values(), *recording["dropped"]]
        raise TaskError(
            "generation/nothing-holds", f"no case of `{bench.request.target}` can be kept",
            hint="; ".join(dict.fromkeys(reasons)) or "it has no public function or class",
        )  # fmt: skip
    return recording


def _conftests(bench: _Bench, root: Path) -> list[str]:
    """Return the files that pytest runs before the test file, the outermost first."""
    above = (root / bench.request.test_file).parents
    found = [each / "conftest.py" for each in above if each.is_relative_to(bench.project.directory)]
    return [str(each) for each in reversed(found) if each.is_file()]


def _broken(recording: Mapping[str, Any], root: Path, target: str) -> TaskError:
    file, _, line = (recording["place"] or "").rpartition(":")
    place = None
    if file and Path(file).is_relative_to(root):
        place = Location(Path(file).relative_to(root).as_posix(), int(line) if line.isdigit() else 1, 1)
    cause = str(recording["broken"]).splitlines()[0].replace(str(root) + "/", "")
    return TaskError(
        "generation/target-broken", f"`{target}` cannot be imported: {cause}", location=place,
        hint="install what it needs, or mend it first",
    )  # fmt: skip


async def _prove(
    bench: _Bench, recording: dict[str, Any], root: Path
) -> tuple[Emitted, Funnel, Coverage | None, Coverage | None]:
    """Return the file whose every test passes, whatever the order and the company."""
    funnel = Funnel(proposed=recording["proposed"], dropped=dict(recording["dropped"]))
    funnel.drop("minimise: shows nothing new", recording["unneeded"])
    place, file = _place(bench, root), root / bench.request.test_file
    for _ in range(_ROUNDS):
        emitted = emit(recording, place)
        bench.progress(f"checking {len(recording['cases'])} cases")
        with _standing(file, emitted.text):
            failing = await _failing_alone(bench, emitted, recording["libraries"], file)
            company = {} if failing else await bench.stage("company", _asked(bench, root, file))
        if company:
            _refuse_broken_company(company, bench.request.test_file)
            failing = _failing(company["runs"][1:], emitted, file)
        if not failing:
            funnel.kept = len(recording["cases"])
            after = _coverage(company["runs"][-1]) or Coverage(**recording["coverage"])
            return emitted, funnel, after, _coverage(company["runs"][0])
        funnel.drop("validate: does not always pass", len(failing))
        recording["cases"] = [case for number, case in enumerate(recording["cases"]) if number not in failing]
        if not recording["cases"]:
            break
    raise TaskError(
        "generation/nothing-holds", f"the tests of `{bench.request.target}` do not pass when pytest runs them"
    )


def _place(bench: _Bench, root: Path) -> Place:
    project = bench.project
    up = None
    if not project.is_known:
        parents = list((root / bench.request.test_file).parents)
        up = parents.index(project.import_root) if project.import_root in parents else None
    return Place(target=bench.request.target, module=project.module, up=up, inner=project.inner)


async def _failing_alone(bench: _Bench, emitted: Emitted, libraries: list[str], file: Path) -> set[int]:
    """Return the cases that fail in some order, or as another machine runs them: far away, sets in another order."""
    asked = _surroundings(bench)
    ordered = {"paths": [str(file)], "times": REPEATED, "seeds": SEEDS}
    answer = await bench.stage("check", {**asked, "preload": libraries, "runs": [ordered]})
    distant = {**asked["environment"], "TZ": "Pacific/Auckland", "PYTHONHASHSEED": "1"}
    once = {"environment": distant, "preload": [], "runs": [{"paths": [str(file)]}]}
    elsewhere = await bench.stage("elsewhere", {**asked, **once}, order="1")
    return _failing([*answer["runs"], *elsewhere["runs"]], emitted, file)


def _asked(bench: _Bench, root: Path, file: Path) -> dict[str, Any]:
    """Ask for the project's whole suite, without the tests and with them."""
    everything = str(bench.project.directory)
    return {
        **_surroundings(bench),
        "target": str(root / bench.request.target),
        "preload": [],
        "runs": [
            {"paths": [everything, f"--ignore={file}"], "coverage": True},
            {"paths": [everything, str(file)], "coverage": True},
        ],
    }


def _surroundings(bench: _Bench) -> dict[str, Any]:
    return {"directory": str(bench.project.directory), "environment": stripped(bench.environ, bench.directory)}


def _refuse_broken_company(answer: Mapping[str, Any], test_file: str) -> None:
    """:raises TaskError: when tests of a person fail that passed without ours."""
    before = answer["runs"][0]["outcomes"]
    for name, outcome in answer["runs"][-1]["outcomes"].items():
        if outcome == "failed" and before.get(name) == "passed":
            raise TaskError("generation/nothing-holds", f"`{name}` fails in company of `{test_file}`")


def _failing(runs: Sequence[Mapping[str, Any]], emitted: Emitted, file: Path) -> set[int]:
    """Return the numbers of the cases that failed in any run.

    :raises TaskError: when pytest failed otherwise.
    """
    found: set[int] = set()
    for run in runs:
        ours = {name: outcome for name, outcome in run["outcomes"].items() if file.name in name.partition("::")[0]}
        known = {
            name: emitted.cases.get(name.partition("::")[2]) for name, outcome in ours.items() if outcome == "failed"
        }
        found |= {number for number in known.values() if number is not None}
        strange = [name for name, number in known.items() if number is None]
        if strange or not ours:
            reason = next(iter(run["failures"].values()), "no test was collected").strip().splitlines()
            raise TaskError(
                "generation/nothing-holds", f"pytest cannot run the tests: {(reason or ['it says nothing'])[-1]}"
            )
    return found


def _coverage(run: Mapping[str, Any]) -> Coverage | None:
    return Coverage(**run["coverage"]) if run["coverage"] else None


@contextlib.contextmanager
def _standing(file: Path, text: str) -> Iterator[None]:
    """Let the file hold a text for a while: pytest takes its place for granted."""
    before = file.read_bytes() if file.exists() else None
    made = [each for each in (file.parent, *file.parent.parents) if not each.exists()]
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        file.write_text(text, "utf-8")
        yield
    finally:
        if before is None:
            file.unlink(missing_ok=True)
        else:
            file.write_bytes(before)
        for each in made:
            with contextlib.suppress(OSError):
                each.rmdir()
