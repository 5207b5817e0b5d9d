"""Pictures of a screen: as text, as SVG by Rich, as PNG by resvg. They are for people; nothing compares them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from orchestrator.errors import raise_os_error
from orchestrator.masking import Masker
from orchestrator.scenarios.screen import Screen


def write(screen: Screen, directory: Path, slug: str, title: str, masker: Masker) -> list[Path]:
    """Write pictures of the screen as it is now; return the files.

    :raises EnvironmentProblem: when the machine refuses.
    """
    svg = draw(masker.drawn(screen.drawn()), screen.size.columns, masker.text(title))
    text = masker.drawn("\n".join(screen.rows())).rstrip() + "\n"
    return _write(directory, slug, {".txt": text.encode(), **_formats(svg)})


def write_svg(svg: str, directory: Path, slug: str) -> list[Path]:
    """Write a picture that somebody else has drawn; return the files.

    :raises ValueError: when it is no picture, where resvg is there to say so.
    :raises EnvironmentProblem: when the machine refuses.
    """
    return _write(directory, slug, _formats(svg))


def draw(text: str, columns: int, title: str) -> str:
    """Return an SVG of text with SGR sequences."""
    import io

    from rich.console import Console
    from rich.text import Text

    console = Console(record=True, width=columns, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi(text.rstrip("\n"), no_wrap=True, overflow="ignore", end=""), crop=False)
    return console.export_svg(title=title, unique_id="screen")


def rasterise(svg: str) -> bytes | None:
    """Return a PNG of an SVG, None where resvg is not installed."""
    try:
        import resvg_py
    except ImportError:
        return None
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, monospace_family="DejaVu Sans Mono"))


def _formats(svg: str) -> dict[str, bytes]:
    png = rasterise(svg)
    return {".svg": svg.encode(), **({} if png is None else {".png": png})}


def _write(directory: Path, slug: str, parts: Mapping[str, bytes]) -> list[Path]:
    written = []
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for suffix, content in parts.items():
            path = directory / f"{slug}{suffix}"
            path.write_bytes(content)
            written.append(path)
    except OSError as error:
        raise_os_error(error, directory)
    return written
