"""However output is cut into chunks, masking it gives what masking all of it at once would give."""

from __future__ import annotations

import base64
import json
import re
from itertools import pairwise
from urllib.parse import quote, quote_plus

from hypothesis import example, given
from hypothesis import strategies as st

from orchestrator.masking import MASK, MIN_LENGTH, Masker

ENCODINGS = [
    str,
    quote,
    quote_plus,
    lambda value: json.dumps(value)[1:-1],
    lambda value: value.encode().hex(),
    lambda value: base64.b64encode(value.encode()).decode(),
    lambda value: base64.urlsafe_b64encode(b"user:" + value.encode()).decode(),
]
letters = st.text("abé\n", min_size=0, max_size=6)
secrets = st.lists(st.text("abé\n", min_size=MIN_LENGTH, max_size=9), min_size=1, max_size=3)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """Return `data` in pieces, cut where `places` say."""
    edges = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[start:end] for start, end in pairwise(edges)]


@given(secrets, st.data(), st.lists(st.integers(0, 200)))
def test_a_secret_does_not_slip_through_however_output_is_split(
    values: list[str], data: st.DataObject, places: list[int]
) -> None:
    text = "".join(data.draw(st.lists(st.sampled_from(values) | letters, max_size=8)))
    masker = Masker(values)
    written: list[bytes] = []
    stream = masker.stream(written.append)
    for chunk in cut(text.encode(), places):
        stream.feed(chunk)
    stream.close()
    assert b"".join(written).decode() == masker.text(text)


@given(secrets, letters)
@example(["abab"], "")
def test_no_secret_is_left_in_a_text(values: list[str], around: str) -> None:
    masker = Masker(values)
    for value in values:
        masked = masker.text(f"{around}x{value}x{around}")
        assert MASK in masked
        assert value not in masked


@given(st.lists(st.binary(max_size=20), max_size=5))
def test_without_secrets_every_byte_passes_at_once(chunks: list[bytes]) -> None:
    written: list[bytes] = []
    stream = Masker().stream(written.append)
    for number, chunk in enumerate(chunks, 1):
        stream.feed(chunk)
        assert written == chunks[:number]
    stream.close()


@given(secrets, st.integers(0, 30))
def test_no_more_is_held_back_than_could_begin_a_secret(values: list[str], length: int) -> None:
    written: list[bytes] = []
    stream = Masker(values).stream(written.append)
    stream.feed(b"z" * length)
    longest = 3 * max(len(value.encode()) for value in values)  # each byte as `%C3`
    assert sum(map(len, written)) >= length - (longest - 1)


@given(st.text("abcDEF012+/=é&", min_size=6, max_size=24), st.data(), st.lists(st.integers(0, 400), max_size=12))
def test_no_secret_is_left_in_a_terminal_s_stream_however_it_is_encoded_coloured_wrapped_and_split(
    value: str, data: st.DataObject, places: list[int]
) -> None:
    form = data.draw(st.sampled_from([encode(value) for encode in ENCODINGS]))
    between = st.sampled_from(["", "", "", "\r\n", " \r\n", "\x1b[31m", "\x1b[0m\x1b[1m", "\x1b]8;;\x07"])
    drawn = "".join(character + data.draw(between) for character in form)
    text = f"before {drawn} after"
    masker = Masker([value])
    pieces = masker.pieces(cut(text.encode(), places))
    for shown in ("".join(pieces), masker.drawn(text)):
        bare = re.sub(r"\x1b\[[0-9;]*m|\x1b\][^\x07]*\x07| ?\r\n", "", shown)
        assert form.strip("=") not in bare
        assert bare.startswith("before")
        assert bare.endswith("after")
