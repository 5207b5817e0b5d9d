"""Plugins of scenarios: where they come from, what they bring, and how what is wrong with them is told."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.errors import OrchestratorError, PlanErrors, UsageError
from orchestrator.scenarios.loader import parse
from orchestrator.scenarios.play import play
from orchestrator.scenarios.plugin_set import Plugins
from orchestrator.scenarios.plugin_sources import Places
from orchestrator.scenarios.result import Result
from orchestrator.scenarios.stage import Stage

GREET = """
from pathlib import Path
from orchestrator.scenarios.plugin import Metadata, StepResult

class Greet:
    def __init__(self, whom, loudly=False):
        self.whom, self.loudly = whom, loudly
    def validate(self):
        return [] if self.whom else ["`whom` is empty"]
    async def execute(self, process, context):
        await process.send(f"hello {self.whom}\\r")
        seen = await process.expect("got hello .*", context.timeout)
        return StepResult("!" in seen or not self.loudly, error="not loud", data={"said": seen[4:].strip()})

class Holds:
    def __init__(self, path, text):
        self.path, self.text = path, text
    def validate(self):
        return []
    async def check(self, context):
        return StepResult((context.cwd / self.path).read_text() == self.text, error=f"{self.path} holds something else")

class Names:
    out = None
    def report(self, results):
        text = " ".join(f"{name}={result.has_passed}" for name, result in results.items())
        Path(self.out).write_text(text)

class Greeting:
    def get_metadata(self):
        return Metadata(name="greeting", version="1", author="me", description="greets", provides=["greet"])
    def register(self, registry):
        self.log = registry.config.get("log")
        Names.out = registry.config.get("out")
        registry.register_step("greet", Greet)
        registry.register_validator("holds", Holds)
        registry.register_reporter("names", Names)
        registry.register_hook("scenario_start", lambda scenario: self.note(f"start {scenario.name}"))
        registry.register_hook("step_start", lambda step: self.note("step"))
        registry.register_hook("step_end", lambda result: self.note(result.status))
        registry.register_hook("scenario_end", self.end)
    async def end(self, result):
        self.note(f"end {result.has_passed}")
    def note(self, line):
        if self.log:
            with open(self.log, "a") as file:
                file.write(line + "\\n")
    def unregister(self, registry):
        self.note("gone")
"""
SCENARIO = """
name: greeting
command: [sh, -c, 'read x; echo got $x; read y; echo $y > said']
timeout: 3
steps: [{type: greet, whom: world}, {send: "{{ said }}"}, {exit: 0}]
validations: [{type: holds, path: said, text: "hello world\\n"}]
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home" / ".orchestro" / "plugins").mkdir(parents=True)
    return tmp_path / "home"


@pytest.fixture
def opened(home: Path, tmp_path: Path) -> Iterator[list[Plugins]]:
    made: list[Plugins] = []
    yield made
    for each in made:
        each.close()


def plugins(home: Path, opened: list[Plugins], *, local: bool = False) -> Plugins:
    places = Places(home.parent, {"HOME": str(home)}, local=local, system=home.parent / "etc" / "plugins")
    opened.append(Plugins(places))
    return opened[-1]


def add(home: Path, name: str, text: str) -> Path:
    path = home / ".orchestro" / "plugins" / f"{name}.py"
    path.write_text(text)
    return path


def configure(home: Path, text: str) -> None:
    (home / ".orchestro" / "plugins.yaml").write_text(text)


def plain(name: str, requires: str = "[]", register: str = "pass") -> str:
    return (
        "from orchestrator.scenarios.plugin import Metadata\n"
        "class Plugin:\n"
        f"    def get_metadata(self): return Metadata(name='{name}', requires={requires})\n"
        f"    def register(self, registry): {register}\n"
        "    def unregister(self, registry): pass\n"
    )


def played(known: Plugins, text: str, directory: Path, **stage: object) -> Result:
    loaded = parse(str(directory / "test.yaml"), text, extensions=known)
    found = Stage(directory=directory / "play", artifacts=directory / "artifacts", **stage)  # type: ignore[arg-type]
    return asyncio.run(play(loaded.scenario, found, known.hooks()))


def test_a_plugin_brings_steps_validations_and_hooks(home: Path, opened: list[Plugins], tmp_path: Path) -> None:
    add(home, "greeting", GREET)
    configure(home, f"plugins: {{greeting: {{config: {{log: {tmp_path / 'log'}}}}}}}")
    known = plugins(home, opened)
    result = played(known, SCENARIO, tmp_path)
    assert result.has_passed, result.report
    known.close()
    log = (tmp_path / "log").read_text().splitlines()
    assert log == ["start greeting", *["step", "passed"] * 3, "end True", "gone"]


def test_a_step_of_a_plugin_that_does_not_succeed_fails(home: Path, opened: list[Plugins], tmp_path: Path) -> None:
    add(home, "greeting", GREET)
    result = played(plugins(home, opened), SCENARIO.replace("whom: world", "whom: world, loudly: true"), tmp_path)
    assert result.message == "step 1: not loud"


def test_a_validation_of_a_plugin_that_does_not_hold_fails(home: Path, opened: list[Plugins], tmp_path: Path) -> None:
    add(home, "greeting", GREET)
    result = played(plugins(home, opened), SCENARIO.replace("hello world\\n", "bye"), tmp_path)
    assert result.message == "said holds something else"


@pytest.mark.parametrize(("step", "message"), [
    ("{type: greet}", "a `greet` step needs `whom`"),
    ("{type: greet, whom: x, loud: true}", "a `greet` step has no `loud`; did you mean `loudly`?"),
    ("{type: greet, whom: ''}", "`whom` is empty"),
    ("{type: great, whom: x}", "unknown step type `great`"),
])  # fmt: skip
def test_what_is_wrong_with_a_step_of_a_plugin_is_said_when_the_file_is_read(
    home: Path, opened: list[Plugins], step: str, message: str
) -> None:
    add(home, "greeting", GREET)
    known = plugins(home, opened)
    with pytest.raises(PlanErrors) as caught:
        parse("a.yaml", f"command: cat\nsteps:\n  - {step}\n", extensions=known)
    (problem,) = caught.value.problems
    assert problem.message == message
    assert problem.location is not None and problem.location.line == 3


def test_reporters_tell_of_all_scenarios(home: Path, opened: list[Plugins], tmp_path: Path) -> None:
    add(home, "greeting", GREET)
    configure(home, f"plugins: {{greeting: {{config: {{out: {tmp_path / 'out'}}}}}}}")
    known = plugins(home, opened)
    known.report(known.reporters(["names"]), {"a": Result("a", "a.yaml"), "b": Result("b", "b.yaml", message="no")})
    assert (tmp_path / "out").read_text() == "a=True b=False"
    with pytest.raises(UsageError) as caught:
        known.reporters(["name"])
    assert caught.value.hint == "did you mean `names`?"


def test_a_plugin_comes_after_those_it_requires(home: Path, opened: list[Plugins], tmp_path: Path) -> None:
    path = f"__import__('pathlib').Path({str(tmp_path / 'order')!r})"
    say = f"{path}.touch(); {path}.write_text({path}.read_text() + self.get_metadata().name)"
    for file, name, requires in (("1", "a", "['b', 'c']"), ("2", "b", "['c']"), ("3", "c", "['http']")):
        add(home, file, plain(name, requires, say))
    plugins(home, opened)
    assert (tmp_path / "order").read_text() == "cba"


def test_a_cycle_of_plugins_is_told_by_its_path(home: Path, opened: list[Plugins]) -> None:
    for name, requires in (("a", "['b']"), ("b", "['c']"), ("c", "['a']")):
        add(home, name, plain(name, requires))
    with pytest.raises(OrchestratorError, match=r"plugins require each other: `(.)` -> `.` -> `.` -> `\1`"):
        plugins(home, opened)


@pytest.mark.parametrize(("text", "why"), [
    ("import no_such_module", "No module named 'no_such_module'"),
    ("x = 1", "must have one class with `get_metadata`, `register`, `unregister`, and has 0"),
    (plain("x", "['y']"), "the plugin `x` (`{path}`) requires `y`, which is not there"),
    (plain("x", register="1 / 0"), "the plugin `x` (`{path}`) cannot be registered: ZeroDivisionError"),
    (plain("x", register="registry.register_step('s', int)"), "the step `s`, which has no `execute`"),
    (plain("x", register="registry.register_validator('s', int)"), "the validation `s`, which has no `check`"),
    (plain("x", register="registry.register_reporter('s', int)"), "the reporter `s`, which has no `report`"),
    (plain("x", register="registry.register_hook('step_and', print)"), "has a hook for `step_and`, which cannot be"),
    (plain("x", register="registry.register_step('http_wait', registry.steps['http_wait'])"),
     "`x` brings the step `http_wait`, which the plugin `http` brings, too"),
    (plain("x").replace("Metadata(name='x', requires=[])", "None"), "needs metadata with a `name`"),
])  # fmt: skip
def test_a_broken_plugin_is_named(home: Path, opened: list[Plugins], text: str, why: str) -> None:
    path = add(home, "broken", text)
    with pytest.raises(OrchestratorError) as caught:
        plugins(home, opened)
    assert caught.value.code == "environment/plugin"
    assert why.format(path=path) in caught.value.message
    assert "`x`" in caught.value.message or str(path) in caught.value.message


def test_a_plugin_that_is_switched_off_does_not_run(home: Path, opened: list[Plugins], tmp_path: Path) -> None:
    add(home, "broken", "1 / 0")
    configure(home, "plugins: {broken: {enabled: false}}")
    assert plugins(home, opened).step_types() == ["http_wait", "http_request"]


def test_a_setting_that_means_nothing_is_told_with_its_place(home: Path, opened: list[Plugins]) -> None:
    configure(home, "plugins:\n  greeting:\n    enable: false\n")
    with pytest.raises(PlanErrors) as caught:
        plugins(home, opened)
    (problem,) = caught.value.problems
    assert (problem.message, problem.hint) == ("unknown key `enable`", "did you mean `enabled`?")
    assert str(problem.location).endswith("plugins.yaml:3:5")


@pytest.mark.parametrize("directory", ["plugins", "orchestro_plugins"])
def test_plugins_of_the_current_directory_are_for_who_asked_for_them(
    home: Path, opened: list[Plugins], directory: str
) -> None:
    (home.parent / directory).mkdir()
    (home.parent / directory / "_not.py").write_text("1 / 0")
    (home.parent / directory / "greeting.py").write_text(GREET)
    assert "greet" not in plugins(home, opened).step_types()
    assert "greet" in plugins(home, opened, local=True).step_types()
    configure(home, f"trusted: [{home.parent}]")
    assert "greet" in plugins(home, opened).step_types()


def test_an_untrusted_directory_cannot_trust_itself(home: Path, opened: list[Plugins]) -> None:
    (home.parent / "plugins").mkdir()
    (home.parent / "plugins.yaml").write_text(f"trusted: [{home.parent}]")
    (home.parent / "plugins" / "greeting.py").write_text(GREET)
    assert "greet" not in plugins(home, opened).step_types()


def test_a_hook_that_fails_harms_no_play_and_is_a_warning(home: Path, opened: list[Plugins], tmp_path: Path) -> None:
    add(home, "x", plain("x", register="registry.register_hook('step_end', lambda result: 1 / 0)"))
    result = played(plugins(home, opened), "command: echo hi\nsteps: [{see: hi}]\n", tmp_path)
    assert result.has_passed
    (notice,) = result.notices
    assert notice.message == "the plugin `x` failed at `step_end`: ZeroDivisionError: division by zero"


def test_a_step_that_raises_fails_with_the_name_of_its_plugin(
    home: Path, opened: list[Plugins], tmp_path: Path
) -> None:
    add(home, "greeting", GREET.replace('await process.send(f"hello {self.whom}\\r")', "1 / 0"))
    result = played(plugins(home, opened), SCENARIO, tmp_path)
    assert result.message == "step 1: the plugin `greeting` failed: ZeroDivisionError: division by zero"


def test_a_secret_that_a_plugin_tells_is_masked(home: Path, opened: list[Plugins], tmp_path: Path) -> None:
    add(home, "greeting", GREET.replace('error="not loud"', 'error="hunter22 is not loud", output="hunter22"'))
    text = SCENARIO.replace("whom: world", "whom: world, loudly: true") + "secrets: [WORD]\n"
    lines: list[str] = []
    result = played(plugins(home, opened), text, tmp_path, environ={"WORD": "hunter22", "PATH": "/usr/bin:/bin"},
                    log=lines.append)  # fmt: skip
    assert "***" in result.message and "***" in lines
    assert "hunter22" not in f"{result} {lines}"


def test_an_installed_package_brings_plugins(home: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    (site / "greeting-1.dist-info").mkdir(parents=True)
    (site / "greeting.py").write_text(GREET)
    (site / "greeting-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: greeting\nVersion: 1\n")
    points = "[orchestrator.scenarios]\ngreeting = greeting:Greeting\n"
    (site / "greeting-1.dist-info" / "entry_points.txt").write_text(points)
    program = "from orchestrator.scenarios.plugin_set import open_plugins; print(open_plugins().step_types())"
    environ = {"PYTHONPATH": str(site), "HOME": str(home), "PATH": "/usr/bin:/bin"}
    shown = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True)
    assert "'greet'" in shown.stdout


def test_the_command_line_plays_with_plugins_of_this_directory(home: Path, tmp_path: Path) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "greeting.py").write_text(GREET)
    (tmp_path / "plugins.yaml").write_text("plugins: {greeting: {config: {out: report, log: log}}}")
    (tmp_path / "greet.yaml").write_text(SCENARIO)

    def run(*options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "orchestrator.cli.main", "scenario", "run", "greet.yaml", *options]
        environ = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
        return subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)

    refused = run()
    assert refused.returncode == 2 and "unknown step type `greet`" in refused.stderr
    done = run("--plugins", "--reporter", "names")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "report").read_text() == "greet.yaml=True"
    assert (tmp_path / "log").read_text().splitlines()[-1] == "gone"
