"""The steps `http_wait` and `http_request` against a server on this machine."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from orchestrator.errors import PlanErrors
from orchestrator.scenarios.loader import parse
from orchestrator.scenarios.play import play
from orchestrator.scenarios.plugin_set import Plugins
from orchestrator.scenarios.plugin_sources import Places
from orchestrator.scenarios.result import Result
from orchestrator.scenarios.stage import Stage
from tests.support.servers import Quiet, listening


class Site:
    """A server that says what it was asked."""

    def __init__(self) -> None:
        self.failures = 0
        """How often it answers 503 before it is ready."""
        self.hold = Event()
        self.hold.set()
        self.asked = 0
        self.address = ""


@contextmanager
def serving() -> Iterator[Site]:
    site = Site()

    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked += 1
            site.hold.wait(60)
            if self.path == "/away":
                self.send_response(302)
                self.send_header("Location", "/there")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            status = 404 if self.path == "/none" else 503 if site.asked <= site.failures else 200
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            said = {"method": self.command, "path": self.path, "body": body, "type": self.headers.get("Content-Type")}
            text = json.dumps(said | {"token": self.headers.get("X-Token"), "id": 42}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def do_POST(self) -> None:
            self.do_GET()

        def do_PUT(self) -> None:
            self.do_GET()

    with listening(Handler, site.hold.set) as site.address:
        yield site


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        yield site


def played(steps: str, directory: Path, hooks: Any = None) -> Result:
    known = Plugins(Places(directory, {"HOME": str(directory)}, local=False, system=directory / "etc" / "plugins"))
    text = f"command: cat\ntimeout: 5\nsteps:\n{steps}"
    try:
        loaded = parse(str(directory / "test.yaml"), text, extensions=known)
        stage = Stage(directory=directory / "play", artifacts=directory / "artifacts")
        return asyncio.run(play(loaded.scenario, stage, known.hooks()))
    finally:
        known.close()


def test_a_server_is_waited_for_until_it_is_ready(site: Site, tmp_path: Path) -> None:
    site.failures = 2
    result = played(f"- {{type: http_wait, url: {site.address}, timeout: 20, interval: 0.01}}", tmp_path)
    assert result.has_passed, result.report
    assert site.asked == 3


def test_a_server_that_does_not_get_ready_fails_in_time(site: Site, tmp_path: Path) -> None:
    site.failures = 1000
    result = played(f"- {{type: http_wait, url: {site.address}, timeout: 0.3, interval: 0.05}}", tmp_path)
    assert result.message == f"step 1: after 0.3 s {site.address} is not ready: it answers 503"


def test_a_server_that_is_not_there_fails_in_time(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        result = played(f"- {{type: http_wait, url: '{url}', timeout: 0.2, interval: 0.05}}", tmp_path)
    assert result.message.startswith(f"step 1: after 0.2 s {url} is not ready: ")
    assert "connection refused" in result.message


def test_what_is_asked_and_answered(site: Site, tmp_path: Path) -> None:
    steps = f"""
- {{type: http_request, url: '{site.address}/things?a=1', method: post, json: {{on: True, n: [1]}}, status: 200,
   headers: {{X-Token: 7}}, params: {{q: a b}}, contains: [POST, "/things?a=1&q=a+b", application/json],
   set: {{body: '"body": "(.*?[^\\\\])"', id: '"id": (\\d+)', token: '"token": "(.)"'}}}}
- {{send: '{{{{ id }}}} {{{{ token }}}} {{{{ body }}}}', see: '42 7 {{\\"on\\": true, \\"n\\": [1]}}'}}
- {{type: http_request, url: '{site.address}/{{{{ id }}}}', method: PUT, data: {{x: '{{{{ token }}}}'}},
   contains: [/42, x=7, urlencoded]}}
- {{type: http_request, url: '{site.address}/away', contains: /there}}
"""
    result = played(steps, tmp_path)
    assert result.has_passed, result.report


@pytest.mark.parametrize(("more", "why"), [
    ("status: 201", "answers 200, not 201: {"),
    ("contains: nothing", "without `nothing`"),
    ("contains: [GET, nothing]", "without `nothing`"),
    ("set: {x: nothing}", "which `nothing` does not match"),
])  # fmt: skip
def test_an_answer_that_is_not_what_it_should_be_fails(site: Site, tmp_path: Path, more: str, why: str) -> None:
    result = played(f"- {{type: http_request, url: '{site.address}', {more}}}", tmp_path)
    assert result.message.startswith(f"step 1: GET {site.address} answers 200") and why in result.message


def test_an_error_of_the_server_fails_unless_it_is_expected(site: Site, tmp_path: Path) -> None:
    result = played(f"- {{type: http_request, url: '{site.address}/none'}}", tmp_path)
    assert "answers 404: {" in result.message
    assert played(f"- {{type: http_request, url: '{site.address}/none', status: 404}}", tmp_path).has_passed


def test_a_server_that_does_not_answer_fails_in_time(site: Site, tmp_path: Path) -> None:
    site.hold.clear()
    result = played(f"- {{type: http_request, url: '{site.address}', timeout: 0.2}}", tmp_path)
    assert "timed out" in result.message


def test_a_request_stops_nothing_else(site: Site, tmp_path: Path) -> None:
    """The one scenario waits for an answer that comes only when the other, in the same loop, has asked for it."""
    site.hold.clear()

    async def both() -> tuple[Result, bool]:
        known = Plugins(Places(tmp_path, {"HOME": str(tmp_path)}, local=False, system=tmp_path / "etc" / "plugins"))
        text = f"command: cat\nsteps: [{{type: http_request, url: '{site.address}', timeout: 5}}]"
        stage = Stage(directory=tmp_path / "play", artifacts=tmp_path / "artifacts")
        task = asyncio.create_task(play(parse("a.yaml", text, extensions=known).scenario, stage, known.hooks()))
        while not site.asked:
            await asyncio.sleep(0.005)
        was_waiting = not task.done()
        site.hold.set()
        result = await task
        known.close()
        return result, was_waiting

    result, was_waiting = asyncio.run(both())
    assert result.has_passed and was_waiting


@pytest.mark.parametrize(("step", "message"), [
    ("type: http_wait", "a `http_wait` step needs `url`"),
    ("type: http_wait, url: localhost", "`url` is `localhost`, but must be an address"),
    ("type: http_wait, url: 'http://x', timeout: 0", "`timeout` is `0`, but must be a number above zero"),
    ("type: http_request, url: 'http://x', method: FETCH", "`method` is `FETCH`"),
    ("type: http_request, url: 'http://x', json: 1, data: x", "`json` and `data` exclude each other"),
    ("type: http_request, url: 'http://x', header: {}", "has no `header`; did you mean `headers`?"),
])  # fmt: skip
def test_what_is_wrong_is_said_when_the_file_is_read(tmp_path: Path, step: str, message: str) -> None:
    with pytest.raises(PlanErrors, match=message.replace("(", r"\(").replace("?", r"\?")):
        played(f"- {{{step}}}", tmp_path)
