from __future__ import annotations

import pytest

from orchestrator.edits.script import Script, Word


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("npm run 'a b' \"c\" -x", ["npm", "run", "a b", "c", "-x"]),
        ("A=1 B=2 make >log 2>&1", ["make"]),
        ("echo ${{ github.event.issue.title && 'a b' }} x", ["echo", "${{ github.event.issue.title && 'a b' }}", "x"]),
        ("écho ünï x", ["écho", "ünï", "x"]),
    ],
)
def test_the_words_of_a_command_stand_where_they_say(text: str, words: list[str]) -> None:
    (command,) = Script(text).commands
    assert [word.text for word in command.words] == words
    assert [text[word.start : word.end].strip("'\"") for word in command.words] == words


def test_all_commands_are_found_in_order() -> None:
    text = "a && b | c\nif d; then e; fi\nfor x in 1; do f; done\n(g; h) || i\nx=$(j)\n"
    assert [command.program for command in Script(text).commands] == list("abcdefghij")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("npm audit --audit-level=high", "high"),
        ("npm audit --audit-level high -x", "high"),
        ("npm audit --audit-level='high'", "high"),
        ('npm audit --audit-level "high"', "high"),
        ("npm audit --audit-level", ""),
        ("npm audit --audit-level --omit=dev", ""),
    ],
)
def test_an_option_has_a_value_and_its_place(text: str, value: str) -> None:
    (command,) = Script(text).commands
    option = command.option("--audit-level")
    assert option is not None
    assert (option.text, text[option.start : option.end]) == (value, value)
    assert command.option("--audit") is None


def test_a_command_begins_with_words_that_are_no_options() -> None:
    (command,) = Script("/usr/bin/npm --silent audit fix").commands
    assert command.begins("npm", "audit")
    assert command.begins("npm", "audit", "fix")
    assert not command.begins("npm", "fix")


@pytest.mark.parametrize(
    ("text", "piece", "is_plain"),
    [
        ("npm test || true", " || true", True),
        ("npm ci && npm test >log || :", " || :", True),
        ("npm test \\\n  || exit 0", " \\\n  || exit 0", True),
        ("for x in a; do npm test $x || echo no; done", " || echo no", True),
        ("[ -f x ] && npm test || true", " || true", False),
        ("npm test | tee log || true", " || true", False),
        ("x=$(npm test || true)", " || true", False),
        ("if npm test || true; then y; fi", " || true", False),
    ],
)
def test_a_swallowed_failure_is_found_with_what_swallows_it(text: str, piece: str, is_plain: bool) -> None:
    script = Script(text)
    (found,) = script.fallbacks
    assert (text[found.start : found.end], found.is_plain) == (piece, is_plain)
    assert any(script.is_hidden(command) for command in script.commands if command.begins("npm", "test"))


@pytest.mark.parametrize("text", ["npm test || exit 1", "npm test && true", "npm test || ./mend.sh", "npm test"])
def test_a_failure_that_counts_is_not_swallowed(text: str) -> None:
    script = Script(text)
    assert script.fallbacks == ()
    assert not any(map(script.is_hidden, script.commands))


def test_a_loop_tells_its_variable_its_values_and_its_body() -> None:
    text = "set -e\nfor s in a 'b c' $D; do\n  build $s\ndone\necho"
    (loop,) = Script(text).loops
    assert (loop.variable, loop.values, loop.body) == ("s", ("a", "b c", "$D"), "  build $s")
    assert text[loop.start : loop.end].startswith("for s")
    assert text[loop.end :] == "\necho"


def test_pieces_are_replaced_where_they_stand() -> None:
    assert Script("abc def").replaced([(4, 7, "x"), (0, 1, ""), (3, 3, "!")]) == "bc! x"
    word = Word("b", 2, 3)
    assert Script("a b").replaced([(word.start, word.end, "é")]) == "a é"


@pytest.mark.parametrize(
    ("text", "is_placeholder"),
    [("echo a\n# later\ntrue", True), ("echo a > b", False), ("echo $(ls)", False), ("make", False), ("if", False)],
)
def test_a_placeholder_only_prints(text: str, is_placeholder: bool) -> None:
    assert Script(text).is_placeholder is is_placeholder


def test_what_runs_beside_and_what_is_no_script_is_told() -> None:
    assert Script("a &\nwait").runs_beside
    assert not Script("a && b 2>&1").runs_beside
    assert not Script("for x in").is_valid
