import io
import json
import subprocess
import sys
from typing import Any

from orchestrator.record.events import KINDS, TaskFinished, TaskOutput
from orchestrator.reporters.json_lines import JsonLines
from tests.support.runs import RUN, Story, tell_all


def objects(story: Story, *, verbose: bool = False) -> list[dict[str, Any]]:
    stream = io.StringIO()
    reporter = JsonLines(stream, verbose=verbose)
    reporter.see(story.entries, story.state)
    reporter.close()
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_every_event_is_one_object_with_all_its_fields() -> None:
    story = Story()
    story.tell(TaskFinished("1.1", added=3), after=2.5)
    [found] = objects(story)
    assert found["seq"] == 1
    assert found["run"] == RUN
    assert found["at"] == story.clock.now()
    assert found["kind"] == "TaskFinished"
    assert found["task"] == "1.1"
    assert found["status"] == "succeeded"
    assert found["added"] == 3
    assert found["files"] == {}


def test_kinds_can_be_told_apart_and_read_back() -> None:
    story = Story()
    story.tell(*(kind("1.1") for kind in KINDS.values()))
    found = objects(story, verbose=True)
    assert [one["kind"] for one in found] == list(KINDS)
    assert all(list(one)[:5] == ["seq", "run", "at", "kind", "task"] for one in found)


def test_what_tasks_print_is_told_when_asked_for() -> None:
    story = Story()
    tell_all(story)
    assert not [one for one in objects(story) if one["kind"] == "TaskOutput"]
    printed = [one for one in objects(story, verbose=True) if one["kind"] == "TaskOutput"]
    assert (printed[0]["seq"], printed[0]["at"]) == (0, None)


def test_any_text_fits_into_any_stream() -> None:
    raw = io.BytesIO()
    story = Story([JsonLines(io.TextIOWrapper(raw, encoding="ascii"), verbose=True)])
    story.tell(TaskOutput("1.1", "füllt\n\udcff\u2028"))
    assert json.loads(raw.getvalue())["text"] == "füllt\n\udcff\u2028"
    assert raw.getvalue().count(b"\n") == 1


def test_plain_reporters_load_nothing_slow() -> None:
    code = "import sys, orchestrator.reporters.lines, orchestrator.reporters.json_lines; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"rich", "junitparser", "asyncio", "pydantic", "networkx"}.isdisjoint(loaded)
