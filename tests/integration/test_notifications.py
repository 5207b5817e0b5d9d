"""The webhook is told about phases and failures: retried, never fatal, silent in previews and while unset."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from orchestrator.app.preview import foresee
from orchestrator.app.project import Ports
from tests.support.project import Site, shell


class Webhook(ThreadingHTTPServer):
    """Takes messages; answers what it is told to first, then 200."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[int] = []
        self.texts: list[str] = []
        self.asked = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class _Handler(BaseHTTPRequestHandler):
    server: Webhook

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked += 1
        code = self.server.answers.pop(0) if self.server.answers else 200
        if code == 200:
            self.server.texts.append(body["text"])
        self.send_response(code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is inherited
        pass


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with Webhook() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ports(site: Site, address: str | None) -> Ports:
    return Ports(environ={**site.environ, **({"HOOK": address} if address else {}), "TOKEN": "s3cr3t-t0k3n"})


def prepare(site: Site) -> None:
    wanted = {"on_phase_complete": True, "on_failure": True, "slack_webhook": "${HOOK}"}
    broken = "exit 3 # s3cr3t-t0k3n"
    site.phases(
        {"a": {"tasks": [shell("1", "true")]}},
        {"b": {"tasks": [shell("2", broken)]}},
        settings={"notifications": wanted},
        secrets=["TOKEN"],
    )


EXPECTED = [
    "Test plan: phase `Phase 1` is complete",
    "Test plan: task `2` failed: `exit 3 # ***` ended with 3",
]


def test_phases_and_failures_are_told_without_secrets(site: Site, webhook: Webhook) -> None:
    prepare(site)
    assert site.apply(ports(site, webhook.address)).exit_code == 1
    assert sorted(webhook.texts) == EXPECTED


def test_a_server_in_trouble_is_asked_again(site: Site, webhook: Webhook) -> None:
    prepare(site)
    webhook.answers = [500, 503]
    state = site.apply(ports(site, webhook.address))
    assert sorted(webhook.texts) == EXPECTED
    assert webhook.asked == 4
    assert state.warnings == []


@pytest.mark.parametrize("answers", [None, [400] * 2, [500] * 8], ids=["nobody there", "refused", "broken"])
def test_a_message_that_nobody_takes_is_a_warning(site: Site, webhook: Webhook, answers: list[int] | None) -> None:
    prepare(site)
    address = webhook.address
    if answers is None:
        webhook.server_close()
    else:
        webhook.answers = answers
    state = site.apply(ports(site, address))
    assert state.exit_code == 1
    assert webhook.texts == []
    assert len(state.warnings) == 1 and state.warnings[0].startswith("notification not sent: ")
    assert not state.is_open


def test_a_preview_tells_nobody(site: Site, webhook: Webhook) -> None:
    prepare(site)
    foresee(site.project(ports(site, webhook.address)))
    assert webhook.asked == 0


def test_nothing_is_sent_or_said_while_the_variable_is_unset(site: Site, webhook: Webhook) -> None:
    prepare(site)
    for address in (None, ""):
        assert site.apply(ports(site, address)).warnings == []
    assert webhook.asked == 0


def test_an_address_that_is_none_is_a_warning(site: Site) -> None:
    prepare(site)
    assert len(site.apply(ports(site, "no address")).warnings) == 1
