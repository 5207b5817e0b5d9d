"""Looks at the files of tasks that were done, and writes down that nothing is to be done: no plan, no screen."""

import hashlib
import json
import os
import sqlite3
import sys

LAST = (
    "SELECT task, json_extract(data, '$.digest'), json_extract(data, '$.evidence'), max(seq) FROM events "
    "WHERE kind = 'TaskFinished' AND instr(data, '\"evidence\":') GROUP BY task"
)
INSERT = (
    "INSERT INTO events (run, at, kind, task, status, data) VALUES ('floor', 0, 'TasksUnchanged', '', 'unchanged', ?)"
)


def stamp(name: str) -> str:
    told = ""
    for path in (f"in/{name}", f"out/{name}"):
        state = os.stat(path)
        told += f"{path}\0{state.st_size} {state.st_mtime_ns} {state.st_ino}\0"
    return hashlib.sha256(told.encode()).hexdigest()[:32]


db = sqlite3.connect(sys.argv[1], isolation_level=None)
known = db.execute(LAST).fetchall()
for start in range(0, len(known), 1000):
    tasks, digests = [], []
    for task, digest, evidence, _ in known[start : start + 1000]:
        assert json.loads(evidence)["stamp"] == stamp(task)
        tasks.append(task)
        digests.append(digest)
    db.execute("BEGIN IMMEDIATE")
    db.execute(INSERT, (json.dumps({"summary": "up to date", "tasks": tasks, "digests": digests}),))
    db.execute("COMMIT")
