"""Every bad plan is refused with the text that a person would want to read, to the letter."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.errors import CODES, OrchestratorError, PlanErrors
from orchestrator.handlers.registry import Registry
from orchestrator.plan.compiled import load_plan

BAD = Path(__file__).parents[1] / "plans" / "bad"
SLUGS = sorted(path.stem for path in BAD.glob("*.yaml"))
HEAD = b"orchestrator: {name: Bad}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with two services, and a link that leads out of it."""
    root = tmp_path / "project"
    services = root / "src" / "services"
    services.mkdir(parents=True)
    for name in ("auth", "user"):
        (services / f"{name}.service.ts").write_text("export {};\n")
    (root / "elsewhere").symlink_to(tmp_path)
    return root


def refusal(path: Path, project: Path) -> OrchestratorError:
    with pytest.raises(OrchestratorError) as caught:
        load_plan(path, Registry(), project=project, environ={"XDG_CACHE_HOME": str(project.parent / "cache")})
    return caught.value


@pytest.mark.parametrize("slug", SLUGS)
def test_is_refused_as_expected(slug: str, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BAD)
    assert f"{refusal(Path(f'{slug}.yaml'), project)}\n" == (BAD / f"{slug}.expected").read_text("utf-8")


def test_every_expected_text_has_its_plan() -> None:
    assert sorted(path.stem for path in BAD.glob("*.expected")) == SLUGS


def write(content: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(content) and None


def alias_bomb() -> bytes:
    lines = [b"variables:", b"  a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [b"  a%d: &a%d [%s]" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 9)]
    return HEAD + b"\n".join(lines) + b"\n"


def link_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


def refuse_to_be_read(path: Path) -> None:
    path.symlink_to("/proc/self/mem")  # a regular file whose first byte even root cannot read


def listen(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path.name)


def grow(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(64 * 1024 * 1024 + 1)


BUILT: dict[str, tuple[Callable[[Path], None], str]] = {
    "absent": (
        lambda path: None,
        "error[plan/not-found]: `bad.yaml` does not exist\n"
        "  hint: name a plan with --config, or write one with `orchestrate init`",
    ),
    "directory": (
        Path.mkdir,
        "error[plan/unreadable]: `bad.yaml` is a directory\n  hint: name a YAML file",
    ),
    "socket": (
        listen,
        "error[plan/unreadable]: `bad.yaml` is not a regular file\n  hint: name a YAML file",
    ),
    "loop of links": (
        link_to_itself,
        "error[plan/unreadable]: `bad.yaml` cannot be read: it is a loop of links",
    ),
    "unreadable": (
        refuse_to_be_read,
        "error[plan/unreadable]: `bad.yaml` cannot be read: input/output error",
    ),
    "larger than a plan": (
        grow,
        "error[plan/too-large]: `bad.yaml` has 67108865 bytes; a plan may have 67108864",
    ),
    "long line": (
        write(HEAD + b"variables: {a: " + b"x" * 10_000_000 + b"}\n"),
        "error[plan/too-large]: a line has 10000016 characters; a plan's may have 1048576\n  --> bad.yaml:2:1",
    ),
    "empty": (
        write(b""),
        "error[plan/empty]: `bad.yaml` is empty\n  --> bad.yaml:1:1",
    ),
    "byte order mark alone": (
        write(b"\xef\xbb\xbf"),
        "error[plan/empty]: `bad.yaml` is empty\n  --> bad.yaml:1:1",
    ),
    "blank lines": (
        write(b"\n  \n\r\n"),
        "error[plan/empty]: `bad.yaml` is empty\n  --> bad.yaml:1:1",
    ),
    "binary": (
        write(HEAD + b"\x7fELF\0\0\1"),
        "error[plan/not-text]: `bad.yaml` is a binary file\n  --> bad.yaml:2:5",
    ),
    "Latin-1": (
        write("orchestrator: {name: für alle}\n".encode("latin-1")),
        "error[plan/not-text]: `bad.yaml` is not UTF-8: byte 0xfc\n  --> bad.yaml:1:23\n  hint: save it as UTF-8",
    ),
    "UTF-16": (
        write("orchestrator: {name: Bad}\n".encode("utf-16")),
        "error[plan/not-text]: `bad.yaml` is UTF-16\n  --> bad.yaml:1:1\n  hint: save it as UTF-8",
    ),
    "control character": (
        write("orchestrator: {name: Bäd}\nvariables: {bell: ä\x07}\n".encode()),
        "error[plan/yaml-syntax]: the character U+0007 cannot stand in YAML\n  --> bad.yaml:2:20\n"
        '  hint: write it as an escape in double quotes, such as "\\x07"',
    ),
    "65 levels of nesting": (
        write(HEAD + b"variables:\n  a: " + b"[" * 63 + b"x" + b"]" * 63 + b"\n"),
        "error[plan/yaml-syntax]: more than 64 levels of nesting\n  --> bad.yaml:3:68",
    ),
    "nesting that would end the stack": (
        write(HEAD + b"variables:\n  a: " + b"[" * 500_000),
        "error[plan/yaml-syntax]: more than 64 levels of nesting\n  --> bad.yaml:3:68",
    ),
    "alias bomb": (
        write(alias_bomb()),
        "error[plan/alias-bomb]: aliases stand for more than 100000 values\n  --> bad.yaml:6:7",
    ),
}


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("bad.yaml")


@pytest.mark.parametrize("case", BUILT)
def test_what_no_file_in_a_repository_can_show_is_refused_as_expected(case: str, built: Path, project: Path) -> None:
    make, expected = BUILT[case]
    make(built)
    assert str(refusal(built, project)) == expected


def test_every_plan_error_has_a_bad_plan(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [(BAD / f"{slug}.expected").read_text("utf-8") for slug in SLUGS] + [text for _, text in BUILT.values()]
    shown = "\n".join(texts)
    assert [code for code in CODES if code.startswith("plan/") and f"error[{code}]" not in shown] == []


@pytest.mark.parametrize("slug", SLUGS)
def test_problems_stand_in_the_order_of_the_file(slug: str, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BAD)
    error = refusal(Path(f"{slug}.yaml"), project)
    places = [problem.location for problem in error.problems] if isinstance(error, PlanErrors) else [error.location]
    assert all(place is not None and place.file == f"{slug}.yaml" for place in places)
    assert places == sorted(places, key=lambda place: place or ())
