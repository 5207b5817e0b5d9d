"""Draws docs/images/scenario.svg: the report of a scenario that fails, by a scenario that looks at it.

Run it from the environment that `./setup.sh test` makes.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from pathlib import Path

from orchestrator.scenarios.loader import parse
from orchestrator.scenarios.play import play
from orchestrator.scenarios.stage import Stage

IMAGE = Path(__file__).parent / "images" / "scenario.svg"
SHOP = """\
name: A shop
command: [sh, -c, 'printf "\\033[1;36mWelcome to the Marketplaec\\033[0m\\nYour name? "; read name']
size: [60, 12]
timeout: 2
steps:
  - see: Your name?
  - see: Welcome to the Marketplace
"""
LOOK = """\
name: orchestrate scenario run shop.yaml
command: [orchestrate, scenario, run, shop.yaml]
size: [90, 34]
steps: [{see: "nearest:", exit: 1, screenshot: report}]
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        (place / "shop.yaml").write_text(SHOP, "utf-8")
        environ = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        stage = Stage(directory=place / "play", artifacts=place / "artifacts", cwd=place, environ=environ)
        result = asyncio.run(play(parse("look.yaml", LOOK).scenario, stage))
        if not result.has_passed:
            sys.exit(result.report)
        shutil.copy(place / "artifacts" / "screenshots" / "report.svg", IMAGE)


if __name__ == "__main__":
    main()
