from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import Enum
from types import ModuleType

from orchestrator.generation.python.kit.subjects import find_subjects


@dataclass
class Point:
    x: int


class Missing(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(name)


class Colour(Enum):
    RED = 1


class Bag:
    def __len__(self) -> int:
        return 0

    def __secret__(self) -> None: ...


async def ticks() -> AsyncIterator[int]:
    yield 1


def ways() -> dict[str, str]:
    this: ModuleType = sys.modules[__name__]
    return {each.name: each.way for each in find_subjects(this, {"ways"})[0] if not each.name.startswith("test_")}


def test_what_holds_data_is_made_and_only_special_methods_that_somebody_wrote_are_called() -> None:
    assert ways() == {"Point": "make", "Missing": "make", "Bag.__len__": "call", "ticks": "everything"}
