"""The report of a failure has all that helps to see why."""

from __future__ import annotations

import asyncio
import re

from orchestrator.masking import Masker
from orchestrator.scenarios.failure import StepFailed, report
from orchestrator.scenarios.model import Size
from orchestrator.scenarios.recording import Recording
from orchestrator.scenarios.screen import open_screen
from orchestrator.scenarios.session import Session

REPORT = """\
after 2 s the screen does not show `Welcome, ann`
  --> shop.yaml:4:5 (step 2)
  looked for: Welcome, ann
  nearest:    Welcom, ann  (91 % alike, row 2)
  a detail
  last keys:  ann <enter> <f5>
  recording:  5.00 s

+ 30 x 6 ------------+
|The shop            |
|Welcom, ann         |
|more                |
|    ^               | cursor
|(3 empty rows)      |
+--------------------+

changed in the last 1 s:
  row 2: `Your name?` -> `Welcom, ann`
  row 3: `` -> `more`

output that nothing has consumed:
  Your name?
  Welcom, ann
  more"""


def test_a_report_says_what_was_wanted_what_is_near_what_was_typed_and_what_changed() -> None:
    async def reported() -> str:
        size = Size(30, 6)
        session = Session(open_screen(size), Recording(size, ""))
        for seconds, data in ((1.0, b"The shop\r\n"), (3.9, b"Your name?"), (4.5, b"\r\x1b[KWelcom, ann\r\nmore")):
            session.recording.add(seconds, "o", data)
            session.screen.feed(data)
            session.transcript.feed(data)
            if seconds == 1.0:
                session.transcript.consume(re.compile("shop\n"))
        session.keys.extend(["ann <enter>", "<f5>"])
        failed = StepFailed("after 2 s the screen does not show `Welcome, ann`", "Welcome, ann", "a detail")
        return str(report(session, failed, "shop.yaml:4:5 (step 2)", 5.0, Masker()))

    assert asyncio.run(reported()) == REPORT
