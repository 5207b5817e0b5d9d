"""What the target's interpreter is started with. It loads this directory as a package under a name nobody else uses.

Usage: `python start.py STAGE DIRECTORY`; the stage `record` searches, any other one runs pytest. The request is
DIRECTORY/STAGE.request.json, the answer DIRECTORY/STAGE.json.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
from pathlib import Path

NAME = "_test_generation_kit"


def main() -> None:
    stage, directory = sys.argv[1], Path(sys.argv[2])
    sys.path = [each for each in sys.path if each not in ("", os.path.dirname(__file__))]
    spec = importlib.util.spec_from_file_location(
        NAME, Path(__file__).with_name("__init__.py"), submodule_search_locations=[os.path.dirname(__file__)]
    )
    assert spec and spec.loader
    package = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = package
    spec.loader.exec_module(package)
    request = json.loads((directory / f"{stage}.request.json").read_text("utf-8"))
    module, function = {"record": ("recording", "record")}.get(stage, ("checking", "check"))
    broken = importlib.import_module(f"{NAME}.loading").Broken
    try:
        answer = getattr(importlib.import_module(f"{NAME}.{module}"), function)(request)
    except broken as error:
        answer = {"broken": error.cause, "place": error.place}
    (directory / f"{stage}.json").write_text(json.dumps(answer, indent=1, ensure_ascii=True), "utf-8")
    sys.stdout.flush()
    importlib.import_module(f"{NAME}.fence").leave(0)


if __name__ == "__main__":
    main()
