from __future__ import annotations

from orchestrator.masking import Masker


def stream(masker: Masker, *chunks: bytes) -> bytes:
    written: list[bytes] = []
    masked = masker.stream(written.append)
    for chunk in chunks:
        masked.feed(chunk)
    masked.close()
    return b"".join(written)


def test_a_secret_split_over_two_chunks_is_masked() -> None:
    assert stream(Masker(["hunter2"]), b"password: hun", b"ter2\n") == b"password: ***\n"


def test_what_only_begins_like_a_secret_comes_out_when_the_stream_ends() -> None:
    assert stream(Masker(["hunter2"]), b"the hun", b"ter") == b"the hunter"


def test_the_longer_of_two_secrets_wins() -> None:
    masker = Masker(["abcd", "abcdefgh"])
    assert masker.text("abcdefgh abcd") == "*** ***"
    assert stream(masker, b"abcd", b"efgh abcd") == b"*** ***"


def test_the_lines_of_a_secret_are_secret_one_by_one() -> None:
    assert Masker(["-----BEGIN\nMIIEow\n-----END"]).text("log: MIIEow\nx") == "log: ***\nx"


def test_what_is_too_short_to_be_told_from_ordinary_text_is_left_alone() -> None:
    masker = Masker(["", "abc", "  "])
    assert not masker.is_active
    assert masker.text("abc") == "abc"


def test_a_secret_that_is_no_utf_8_is_masked_too() -> None:
    value = b"\xff\xfe\x00secret".decode("utf-8", "surrogateescape")
    assert stream(Masker([value]), b"<\xff\xfe\x00sec", b"ret>") == b"<***>"


def test_all_strings_of_plain_data_are_masked_and_nothing_else_changes() -> None:
    masker = Masker(["hunter2"])
    data = {"a": ["hunter2", 1, None], "hunter2": ("x hunter2", 2.5, True)}
    assert masker.data(data) == {"a": ["***", 1, None], "***": ("x ***", 2.5, True)}


def test_data_is_passed_on_as_it_is_where_there_are_no_secrets() -> None:
    data = {"a": [1]}
    assert Masker().data(data) is data
