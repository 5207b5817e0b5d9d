from collections.abc import Callable
from pathlib import Path

import pytest
from junitparser import JUnitXml

from orchestrator.errors import EnvironmentProblem
from orchestrator.record.events import RunStarted, TaskFinished, TaskStarted
from orchestrator.reporters import junit
from tests.support.runs import Story, a_roadmap, tell_all


def test_each_status_has_its_place_in_the_report(golden: Callable[[str, str], None], tmp_path: Path) -> None:
    story = Story()
    tell_all(story)
    path = tmp_path / "new" / "report.xml"
    junit.write(path, story.state, a_roadmap())
    golden("reporters/junit.xml", path.read_text())


def test_what_was_cancelled_or_interrupted_is_an_error(tmp_path: Path) -> None:
    story = Story()
    story.tell(RunStarted(plan="p", selected=11), TaskStarted("2.1"))
    story.tell(TaskFinished("2.2", "cancelled", summary="an earlier failure", attempts=0))
    junit.write(tmp_path / "report.xml", story.state, a_roadmap())
    [suite] = JUnitXml.fromfile(str(tmp_path / "report.xml"))
    told = {case.name: case.result[0].message for case in suite}
    assert told == {
        "2.1 Tests for the auth service": "interrupted",
        "2.2 Tests for the user service": "an earlier failure",
    }
    assert suite.errors == 2


def test_no_text_breaks_the_report(tmp_path: Path) -> None:
    story = Story()
    story.do("2.1", status="failed", message="\x1b[31m<red> & \x00\ud800\uffff]]>", hint="\x08")
    junit.write(tmp_path / "report.xml", story.state, a_roadmap())
    [suite] = JUnitXml.fromfile(str(tmp_path / "report.xml"))
    [case] = suite
    assert case.result[0].message == "<red> & ]]>"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentProblem, match="file"):
        junit.write(tmp_path / "file" / "report.xml", Story().state, a_roadmap())
