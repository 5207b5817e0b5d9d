"""However a program prints a secret, nothing that a play leaves shows it: split, wrapped, coloured, encoded, typed."""

from __future__ import annotations

import asyncio
import base64
import html
import json
import random
import re
import string
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from orchestrator.masking import Masker
from orchestrator.scenarios import picture
from orchestrator.scenarios.failure import StepFailed, report
from orchestrator.scenarios.model import Size
from orchestrator.scenarios.recording import Recording
from orchestrator.scenarios.screen import open_screen
from orchestrator.scenarios.session import Session
from orchestrator.scenarios.snapshots import describe

ENCODINGS: list[Callable[[str], str]] = [
    str, quote, lambda value: quote(value, safe=""), quote_plus, lambda value: json.dumps(value)[1:-1],
    lambda value: value.encode().hex(), lambda value: base64.b64encode(value.encode()).decode(),
    lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
    lambda value: base64.b64encode(b"u:" + value.encode()).decode(),
    lambda value: base64.b64encode(b"user:" + value.encode() + b"@").decode(),
]  # fmt: skip
LETTERS = string.ascii_letters + string.digits + "+/=-_ &%?ß"
SIZE = Size(40, 6)
NOISE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07]*\x07|[\r\n\x08]")


def pieces(data: bytes, chance: random.Random) -> Iterator[bytes]:
    """Yield the data in reads of any length."""
    places = sorted({0, len(data), *(chance.randrange(len(data) + 1) for _ in range(chance.randrange(6)))})
    for start, end in pairwise(places):
        yield data[start:end]


def printed(token: str, chance: random.Random) -> str:
    """Return how a program may print it: anywhere in a row, in two colours, over the end of a row."""
    cut = chance.randrange(1, len(token))
    between = chance.choice(["", "", "\x1b[31m", "\x1b[0m\x1b[1m", "\r\n"])
    return " " * chance.randrange(SIZE.columns) + token[:cut] + between + token[cut:] + "\r\n"


def left(secret: str, token: str, chance: random.Random, directory: Path) -> dict[str, str]:
    """Return all that is left of a play in which a program prints a token and somebody types the secret."""
    masker = Masker([secret])
    session = Session(open_screen(SIZE), Recording(SIZE, f"about {secret}"))
    for piece in pieces(printed(token, chance).encode(), chance):
        session.received(piece)
    for piece in pieces(secret.encode(), chance):  # nobody takes what is typed; it is noted nevertheless
        session.recording.add(0.0, "i", piece)
    typed = chance.randrange(len(secret))
    session.keys.extend([secret[:typed], f"{secret[typed:]} <enter>"])
    failed = StepFailed(f"the screen does not show `{secret}`", secret)
    drawn = picture.write(session.screen, directory, "a", f"about {secret}", masker) if chance.random() < 0.1 else []
    session.recording.write(directory / "a.cast", masker)
    moments = [json.loads(line) for line in (directory / "a.cast").read_text().splitlines()]
    files = {path.suffix: path.read_text() for path in drawn if path.suffix != ".png"}
    if ".svg" in files:
        files[".svg"] = html.unescape(re.sub(r"<[^>]*>", "", files[".svg"])).replace("\xa0", " ")
    return {
        **files,
        "report": masker.drawn(str(report(session, failed, "a.yaml:1:1", 0.0, masker))),
        "snapshot": describe(masker.drawn(session.screen.drawn())),
        "output": "".join(moment[2] for moment in moments[1:] if moment[1] == "o"),
        "input": "".join(moment[2] for moment in moments[1:] if moment[1] == "i"),
        "title": moments[0]["title"],
    }


@pytest.mark.parametrize("cases", [200, pytest.param(10_000, marks=pytest.mark.long)])
def test_no_secret_is_in_anything_that_is_left(cases: int, tmp_path: Path) -> None:
    chance = random.Random(cases)

    async def leaks() -> list[tuple[str, str, str]]:
        found = []
        for _ in range(cases):
            secret = "".join(chance.choices(LETTERS, k=chance.randrange(8, 30))).strip() + "x9"
            token = chance.choice(ENCODINGS)(secret)
            core = token[8:-4] if len(token) > 24 else token  # without what stands around it in some encodings
            for name, text in left(secret, token, chance, tmp_path).items():
                bare = NOISE.sub("", text)
                if core in bare or secret in bare:
                    found.append((name, secret, token))
        return found

    assert asyncio.run(leaks()) == []
