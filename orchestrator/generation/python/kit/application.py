"""Finds the target's ASGI application and speaks to it without a server, a thread or a socket."""

from __future__ import annotations

import asyncio
import importlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any
from urllib.parse import quote, unquote, urlencode


@dataclass
class Operation:
    """One path and method, as the application's own document describes it."""

    subject: str
    """The name of the function that answers."""
    method: str
    path: str
    parameters: list[dict[str, Any]] = field(default_factory=list)
    body: dict[str, Any] | None = None
    needs_body: bool = False

    @property
    def id(self) -> str:
        return f"{self.method} {self.path}"


def find_application(module: ModuleType) -> str | None:
    """Return the name of the module's FastAPI application, None if there is none."""
    for name, value in vars(module).items():
        if any(
            kind.__module__ == "fastapi.applications" and kind.__name__ == "FastAPI" for kind in type(value).__mro__
        ):
            return name
    return None


def operations(application: Any) -> tuple[list[Operation], dict[str, Any]]:
    """Return what the application answers, and its OpenAPI document."""
    document = application.openapi()
    found = []
    for path, methods in document.get("paths", {}).items():
        for method, described in methods.items():
            if method in ("get", "post", "put", "patch", "delete"):
                found.append(_operation(application, path, method.upper(), described))
    return found, document


def run_inline() -> None:
    """Have functions that would run in a thread run at once: their coverage and time-out are then this thread's."""
    try:
        threads = importlib.import_module("anyio.to_thread")
    except ImportError:
        return

    async def run_sync(function: Callable[..., Any], *arguments: Any, **_options: Any) -> Any:
        return function(*arguments)

    vars(threads)["run_sync"] = run_sync


class Client:
    """Sends requests to one application; a new event loop only where the old one was interrupted."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()

    def session(self, application: Any, steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Send the steps one after another, between the application's start and end; return the answers."""
        try:
            return self._loop.run_until_complete(_session(application, steps))
        except BaseException:
            self._loop = asyncio.new_event_loop()
            raise


def url_of(step: dict[str, Any]) -> str:
    """Return the path a step asks for, without its query."""
    path: str = step["route"]
    for name, value in step.get("path", {}).items():
        path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
    return path


def _operation(application: Any, path: str, method: str, described: dict[str, Any]) -> Operation:
    endpoint = _endpoint(application.routes, path, method)
    content = described.get("requestBody", {}).get("content", {})
    return Operation(
        endpoint or described.get("operationId", f"{method} {path}"), method, path, described.get("parameters", []),
        content.get("application/json", {}).get("schema"), bool(described.get("requestBody", {}).get("required")),
    )  # fmt: skip


def _endpoint(routes: Any, path: str, method: str) -> str | None:
    for route in routes:
        if getattr(route, "path", None) == path and method in (getattr(route, "methods", None) or ()):
            name: str | None = getattr(getattr(route, "endpoint", None), "__name__", None)
            return name
    return None


def _does_begin(application: Any) -> bool:
    """Say whether the application does anything when it is started or ended; if nobody can tell, it may."""
    router = getattr(application, "router", None)
    begins = type(getattr(router, "lifespan_context", None)).__name__ != "_DefaultLifespan"
    return begins or bool(getattr(router, "on_startup", True)) or bool(getattr(router, "on_shutdown", True))


async def _session(application: Any, steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if not _does_begin(application):
        return [await _ask(application, step, {}) for step in steps]
    incoming: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    outgoing: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    state: dict[str, Any] = {}
    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": state}
    lifespan = asyncio.ensure_future(application(scope, incoming.get, outgoing.put))
    incoming.put_nowait({"type": "lifespan.startup"})
    started = asyncio.ensure_future(outgoing.get())
    await asyncio.wait({lifespan, started}, return_when=asyncio.FIRST_COMPLETED)
    started.cancel()
    try:
        if lifespan.done():
            lifespan.result()
        return [await _ask(application, step, dict(state)) for step in steps]
    finally:
        incoming.put_nowait({"type": "lifespan.shutdown"})
        await lifespan


async def _ask(application: Any, step: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
    has_body = "body" in step
    content = json.dumps(step["body"], ensure_ascii=False, separators=(",", ":")).encode() if has_body else b""
    headers = {
        "host": "testserver",
        **({"content-type": "application/json"} if has_body else {}),
        **step.get("headers", {}),
    }
    headers["content-length"] = str(len(content))
    path = url_of(step)
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": step["method"], "scheme": "http",
        "path": unquote(path), "raw_path": path.encode(), "query_string": _query(step).encode(), "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("testclient", 50000), "server": ("testserver", 80), "state": state, "extensions": {},
    }  # fmt: skip
    messages = [{"type": "http.request", "body": content, "more_body": False}]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return messages.pop() if messages else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await application(scope, receive, send)
    return _answer(sent)


def _query(step: dict[str, Any]) -> str:
    return urlencode({name: _text(value) for name, value in step.get("query", {}).items()}, doseq=True)


def _text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _answer(sent: list[dict[str, Any]]) -> dict[str, Any]:
    status = next(each["status"] for each in sent if each["type"] == "http.response.start")
    content = b"".join(each.get("body", b"") for each in sent if each["type"] == "http.response.body")
    if not content:
        return {"status": status}
    try:
        return {"status": status, "body": json.loads(content)}
    except ValueError:
        return {"status": status, "text": content.decode("utf-8", "replace")}
