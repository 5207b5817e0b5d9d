import re
from pathlib import Path

from orchestrator.errors import CODES

DOCUMENT = Path(__file__).parents[3] / "docs" / "errors.md"


def test_every_code_is_explained_in_the_order_of_the_registry() -> None:
    assert re.findall(r"^### (.+)$", DOCUMENT.read_text("utf-8"), re.MULTILINE) == list(CODES)
