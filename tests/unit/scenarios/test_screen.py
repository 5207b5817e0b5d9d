from __future__ import annotations

import builtins
from resource import RUSAGE_SELF, getrusage
from typing import Any

import pytest

from orchestrator.errors import EnvironmentProblem
from orchestrator.scenarios.finding import find
from orchestrator.scenarios.ghostty import GhosttyScreen
from orchestrator.scenarios.keys import control_code, is_control, parse_key
from orchestrator.scenarios.model import Region, Size, Target
from orchestrator.scenarios.plain import PlainScreen
from orchestrator.scenarios.screen import Screen, open_screen

SIZE = Size(20, 6)
APPLICATION = b"\x1b[?1h\x1b[?1000h\x1b[?1006h\x1b[?2004h"


@pytest.fixture(params=[GhosttyScreen, PlainScreen])
def screen(request: pytest.FixtureRequest) -> Screen:
    made: Screen = request.param(SIZE)
    return made


def test_a_screen_shows_what_was_written(screen: Screen) -> None:
    screen.feed(b"\x1b[2J\x1b[3;5Hthere\r\n\xe4\xb8\xad\xe6\x96\x87x")
    assert screen.rows() == ["", "", "    there", "中文x", "", ""]
    assert screen.cursor() == (4, 6, True)


def test_a_terminal_answers_what_it_is_asked(screen: Screen) -> None:
    assert screen.feed(b"ab\x1b[6n") == b"\x1b[1;3R"
    assert screen.feed(b"\x1b[c").startswith(b"\x1b[?6")
    assert screen.feed(b"\x1b[?2004h\x1b[?2004$p") == b"\x1b[?2004;1$y"


def test_a_terminal_tells_its_size_when_it_is_asked_and_when_it_changes(screen: Screen) -> None:
    assert screen.feed(b"\x1b[18t") == b"\x1b[8;6;20t"
    assert screen.feed(b"\x1b[?2048h").startswith(b"\x1b[48;6;20;")


def test_clicks_by_the_pixel_and_the_size_of_a_pixel_fit_together(screen: Screen) -> None:
    assert screen.feed(b"\x1b[14t") == b"\x1b[4;96;160t"
    assert screen.feed(b"\x1b[16t") == b"\x1b[6;16;8t"
    assert screen.feed(b"\x1b[?2048h") == b"\x1b[48;6;20;96;160t"
    screen.resize(Size(10, 3))
    assert screen.feed(b"") == b"\x1b[48;3;10;48;80t"
    screen.feed(b"\x1b[?1000h\x1b[?1006h\x1b[?1016h")
    assert screen.click(2, 3, "left") == b"\x1b[<0;20;24M\x1b[<0;20;24m"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("a", b"a"), ("shift+a", b"A"), ("ctrl+c", b"\x03"), ("alt+a", b"\x1ba"), ("enter", b"\r"), ("esc", b"\x1b"),
        ("up", b"\x1b[A"), ("ctrl+shift+left", b"\x1b[1;6D"), ("shift+tab", b"\x1b[Z"), ("f5", b"\x1b[15~"),
        ("page_down", b"\x1b[6~"), ("delete", b"\x1b[3~"), ("space", b" "), ("ctrl+space", b"\x00"), ("plus", b"+"),
        ("backspace", b"\x7f"), ("é", "é".encode()),
    ],
)  # fmt: skip
def test_a_key_is_what_a_terminal_sends(screen: Screen, name: str, code: bytes) -> None:
    key = parse_key(name)
    assert not isinstance(key, str)
    assert screen.key(key) == code


@pytest.mark.parametrize(
    ("letter", "code"),
    [("c", 3), ("C", 3), ("@", 0), ("[", 27), ("\\", 28), ("]", 29), ("^", 30), ("_", 31), ("?", 127)],
)
def test_a_letter_or_symbol_has_a_control_code(letter: str, code: int) -> None:
    assert is_control(letter)
    assert control_code(letter) == bytes([code])


def test_a_key_depends_on_the_modes_that_the_program_has_set(screen: Screen) -> None:
    up, interrupt = parse_key("up"), parse_key("ctrl+c")
    assert not isinstance(up, str)
    assert not isinstance(interrupt, str)
    screen.feed(APPLICATION)
    assert screen.key(up) == b"\x1bOA"
    screen.feed(b"\x1b[>1u")
    assert screen.key(interrupt) == b"\x1b[99;5u"


def test_pastes_and_clicks_depend_on_the_modes_that_the_program_has_set(screen: Screen) -> None:
    assert screen.paste("a") == b"a"
    assert screen.click(2, 3, "left") == b""
    screen.feed(APPLICATION)
    assert screen.paste("a") == b"\x1b[200~a\x1b[201~"
    assert screen.click(2, 3, "right") == b"\x1b[<2;3;2M\x1b[<2;3;2m"


def test_a_frame_that_is_being_drawn_is_held(screen: Screen) -> None:
    assert not screen.is_held()
    screen.feed(b"\x1b[?2026h")
    assert screen.is_held()
    screen.feed(b"\x1b[?2026l")
    assert not screen.is_held()


def test_a_screen_takes_another_size(screen: Screen) -> None:
    screen.feed(b"hello")
    screen.resize(Size(30, 3))
    assert screen.size == (30, 3)
    assert screen.rows() == ["hello", "", ""]


@pytest.mark.parametrize(
    ("target", "place"),
    [
        (Target(text="name"), (1, 1)),
        (Target(text="name", nth=2), (3, 9)),
        (Target(text="name", row=-4), (3, 9)),
        (Target(text="name", row=2), None),
        (Target(text="name", region=Region(top=2)), (3, 9)),
        (Target(text="name", region=Region(left=5)), (3, 9)),
        (Target(text="name", region=Region(right=3)), None),
        (Target(text="name", style="bold red"), (3, 9)),
        (Target(text="name", style="bold blue"), None),
        (Target(text="name", style="not bold"), (1, 1)),
        (Target(regex=r"^name$"), (1, 1)),
        (Target(regex=r"n(am)e\n\n"), (1, 1)),
        (Target(text="a.e"), None),
        (Target(text="name "), (1, 1)),  # nobody sees which blanks were printed
        (Target(text="name  ", row=3), (3, 9)),
        (Target(text="name ", region=Region(right=5)), (1, 1)),
        (Target(text="name ", region=Region(right=4)), None),
        (Target(text="x", style="reverse", region=Region(left=6)), (4, 6)),
    ],
)
def test_things_are_found_by_what_they_are_and_where(screen: Screen, target: Target, place: Any) -> None:
    screen.feed("name\r\n\r\n中文 is \x1b[1;31mname\x1b[0m\r\nx    \x1b[7mx\x1b[0m".encode())
    found = find(screen, target)
    assert (found and (found.row, found.column)) == place


def test_a_group_is_the_value_of_what_was_found(screen: Screen) -> None:
    screen.feed(b"id: 42;")
    found = find(screen, Target(regex=r"id: (\d+)"))
    assert found is not None
    assert (found.value, found.text) == ("42", "id: 42")


def test_where_one_emulator_is_not_installed_the_other_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(open_screen(SIZE), GhosttyScreen)
    known = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "orchestrator.scenarios.ghostty":
            raise ImportError(name="pyghostty")
        return known(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    assert isinstance(open_screen(SIZE), PlainScreen)


def test_without_an_emulator_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    known = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith(("orchestrator.scenarios.ghostty", "orchestrator.scenarios.plain")):
            raise ImportError(name=name.rpartition(".")[2])
        return known(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(EnvironmentProblem) as caught:
        open_screen(SIZE)
    assert caught.value.code == "environment/missing-package"
    assert "orchestrate[scenarios]" in str(caught.value.hint)


def test_a_flood_costs_the_screen_no_new_memory() -> None:
    screen, flood = open_screen(Size(120, 80)), b"a line of text\r\n" * 4096
    for _ in range(32):  # until it has as many rows as it keeps
        screen.feed(flood)
    before = getrusage(RUSAGE_SELF).ru_minflt
    for _ in range(32):
        screen.feed(flood)
    assert getrusage(RUSAGE_SELF).ru_minflt - before < 2000
