"""Walks a graph from JSON with Kahn's algorithm, each node an asyncio task that does nothing."""

import asyncio
import json
import sys


async def node(name: str, done: asyncio.Queue[str]) -> None:
    done.put_nowait(name)


async def main(path: str) -> None:
    with open(path) as file:
        before = json.load(file)
    waiting = {name: len(names) for name, names in before.items()}
    after: dict[str, list[str]] = {name: [] for name in before}
    for name, names in before.items():
        for other in names:
            after[other].append(name)
    done: asyncio.Queue[str] = asyncio.Queue()
    running = {asyncio.create_task(node(name, done)) for name, count in waiting.items() if not count}
    for _ in before:
        name = await done.get()
        for other in after[name]:
            waiting[other] -= 1
            if not waiting[other]:
                running.add(asyncio.create_task(node(other, done)))
    await asyncio.gather(*running)


asyncio.run(main(sys.argv[1]))
