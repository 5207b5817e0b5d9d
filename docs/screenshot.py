"""Draws docs/images/*.svg: what a terminal shows while the commands of the README really run.

Run it from the environment that `./setup.sh test` makes.
"""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import shutil
import struct
import sys
import tempfile
import termios
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pyte
from rich.console import Console
from rich.style import Style
from rich.text import Text

REPOSITORY = Path(__file__).parent.parent
IMAGES = Path(__file__).parent / "images"
SAMPLE = REPOSITORY / "examples" / "community-platform"
PLAN = REPOSITORY / "tests" / "plans" / "good" / "core.yaml"
COLUMNS, ROWS = 100, 50
RUNS = 6  # a run takes half a second: the busiest moment of several is worth showing
COLOURS = {"brown": "yellow", "brightbrown": "bright_yellow"}  # where pyte and Rich differ in their names

Frame = list[Text]


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        *_, preview = frames("plan", Path(directory, "preview"))
        draw("plan", preview)
        seen: list[Frame] = []
        for number in range(RUNS):
            seen += frames("run", Path(directory, str(number)), "--yes", "--approve", "all")
        draw("run", max(seen, key=busy))


def busy(frame: Frame) -> tuple[int, int]:
    """Return how much is going on in a frame: the tasks that run, and the lines there are to see."""
    return sum("●" in line.plain for line in frame), len(frame)


def frames(command: str, home: Path, *options: str) -> Iterator[Frame]:
    """Run `orchestrate` on a fresh copy of the sample, in a terminal of its own; yield what it shows."""
    project = home / "platform"
    shutil.copytree(SAMPLE, project, ignore=shutil.ignore_patterns("node_modules", ".venv"))
    arguments = [command, "--config", str(PLAN), "--project", str(project), *options]
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    child, terminal = pty.fork()
    if child == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        environ = {"PATH": os.environ["PATH"], "HOME": str(home), "TERM": "xterm-256color", "LANG": "C.UTF-8"}
        os.execve(sys.executable, [sys.executable, "-m", "orchestrator.cli.main", *arguments], environ)
    while output := read(terminal):
        stream.feed(output)
        yield shown(screen)
    os.waitpid(child, 0)


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # how Linux says that the other end has closed
        return b""


def shown(screen: pyte.Screen) -> Frame:
    lines = []
    for row in range(ROWS):
        line = Text()
        cells = [screen.buffer[row][column] for column in range(COLUMNS)]
        for (foreground, bold), run in groupby(cells, lambda cell: (cell.fg, cell.bold)):
            line.append("".join(cell.data for cell in run), Style(color=colour(foreground), bold=bold))
        line.rstrip()
        lines.append(line)
    while lines and not lines[-1]:
        del lines[-1]
    return lines


def colour(name: str) -> str:
    if re.fullmatch(r"[0-9a-f]{6}", name):
        return f"#{name}"
    return COLOURS.get(name, name.replace("bright", "bright_"))


def draw(name: str, frame: Frame) -> None:
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    for line in frame:
        console.print(line, no_wrap=True, crop=True)
    svg = console.export_svg(title=f"orchestrate {name}", unique_id=name)
    # The fonts would come from another site; the reader's own monospaced one will do.
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL).replace("Fira Code", "ui-monospace")
    IMAGES.mkdir(exist_ok=True)
    (IMAGES / f"{name}.svg").write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n")


if __name__ == "__main__":
    main()
