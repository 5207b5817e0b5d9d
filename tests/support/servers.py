"""Servers on this machine that answer as they are told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class Answers:
    """What a server says, by path without query: a status and JSON."""

    pages: Mapping[str, tuple[int, object]]
    address: str = ""
    asked: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)


class Quiet:
    """Lets a handler answer without telling standard error of it."""

    def log_message(self, *_arguments: object) -> None:
        pass


@contextmanager
def listening(handler: type[BaseHTTPRequestHandler], stop: Callable[[], object] = lambda: None) -> Iterator[str]:
    """Answer on the loopback interface, at the address that this gives; `stop` lets go of who still waits."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            stop()
            server.shutdown()
            thread.join()


@contextmanager
def serving(pages: Mapping[str, tuple[int, object]]) -> Iterator[Answers]:
    """Serve `pages` on the loopback interface; whatever else is asked for is 404."""
    answers = Answers(pages)

    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            answers.asked.append(path)
            answers.tokens.add(self.headers.get("Authorization", ""))
            status, data = answers.pages.get(path, (404, {"message": "Not Found"}))
            body = json.dumps(data).replace("{address}", answers.address).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with listening(Handler) as answers.address:
        yield answers
