from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.scenarios import stream
from orchestrator.scenarios.stream import Transcript

PARTS = ["word ", "x", "é", "\r\n", "\x1b[31m", "\x1b[0m", "\x1b]0;title\x07", "\x1b]133;C\x07", "\x1b(B"]


def fed(*chunks: bytes) -> Transcript:
    transcript = Transcript()
    for chunk in chunks:
        transcript.feed(chunk)
    return transcript


def consume(transcript: Transcript, pattern: str) -> str | None:
    found = transcript.consume(re.compile(pattern, re.DOTALL))
    return found and found[0]


def test_what_was_matched_is_consumed_and_what_is_before_it_too() -> None:
    transcript = fed(b"one two one three")
    assert consume(transcript, "two") == "two"
    assert consume(transcript, "one") == "one"
    assert consume(transcript, "one") is None
    assert transcript.remaining() == " three"


def test_text_is_found_without_its_escape_sequences_and_with_them() -> None:
    transcript = fed(b"\x1b[1mbo\x1b[0mld\r\nnext \x1b[2mdim\x1b[m end")
    assert consume(transcript, "bold\nnext") == "bold\nnext"
    assert consume(transcript, r"\x1b\[2mdim") == "\x1b[2mdim"
    assert transcript.remaining() == " end"


def test_a_sequence_that_comes_in_two_reads_is_one() -> None:
    assert fed(b"a\x1b[3", b"1mb\r", b"\nc\xc3", b"\xa9").remaining() == "ab\ncé"
    assert fed(b"a\r\r", b"\nb\r\r\n").remaining() == "a\nb\n"


def test_what_is_no_utf_8_is_shown_as_such() -> None:
    assert fed(b"a\xffb").remaining() == "a�b"


def test_marks_say_where_a_command_s_output_is_and_how_it_ended() -> None:
    transcript = fed(b"$ \x1b]133;B\x07ls\r\n\x1b]133;C\x07out\r\n\x1b]133;D;3\x07$ ")
    begun, ended = transcript.marks_since(0)[1:]
    assert transcript.between(begun.at, ended.at) == "out\n"
    assert (ended.letter, ended.status) == ("D", 3)


def test_a_flood_is_bounded_and_its_end_is_kept() -> None:
    transcript = Transcript()
    for _ in range(100):
        transcript.feed(b"0123456789abcde\n" * 4096)
    transcript.feed(b"the end")
    assert transcript.remaining().endswith("the end")
    assert len(transcript.remaining()) <= 2 * stream.LIMIT


@given(st.lists(st.sampled_from(PARTS), max_size=40), st.lists(st.integers(1, 9), min_size=40), st.data())
def test_both_texts_go_on_at_the_same_place_however_the_output_is_cut(
    parts: list[str], sizes: list[int], data: st.DataObject
) -> None:
    raw, transcript = "".join(parts).encode(), Transcript()
    plain = stream._CUT.sub("", raw.decode())
    for size in sizes:
        transcript.feed(raw[:size])
        raw = raw[size:]
        if data.draw(st.booleans()) and consume(transcript, data.draw(st.sampled_from(["word", "é", "\x1b\\[31m"]))):
            assert stream._CUT.sub("", transcript._raw[transcript._raw_at :]) == transcript.remaining()
    transcript.feed(raw)
    assert plain.endswith(transcript.remaining())


def test_marks_are_told_apart_although_nothing_was_printed_between_them() -> None:
    transcript = Transcript()
    transcript.feed(b"\x1b]133;C\x07\x1b]133;D;0\x07")
    seen = transcript.mark_count
    transcript.feed(b"\x1b]133;A\x07")
    assert [mark.letter for mark in transcript.marks_since(seen)] == ["A"]
