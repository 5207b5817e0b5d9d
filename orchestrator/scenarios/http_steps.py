"""The steps `http_wait` and `http_request`: a server that the program runs, or that it talks to, is asked.

Requests run in threads, and each has a timeout: the terminal goes on being read, and nothing hangs.
"""

from __future__ import annotations

import asyncio
import json as json_
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from orchestrator.scenarios.checks import compile_pattern
from orchestrator.scenarios.plugin import Context, Metadata, Process, Registry, StepResult

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
LARGEST: Final = 8 << 20
"""Bytes of an answer that are looked at."""
REDIRECTS: Final = 5
SHOWN: Final = 200


class Http:
    """The plugin that brings them."""

    def get_metadata(self) -> Metadata:
        return Metadata(name="http", provides=("http_wait", "http_request"))

    def register(self, registry: Registry) -> None:
        registry.register_step("http_wait", HttpWait)
        registry.register_step("http_request", HttpRequest)

    def unregister(self, registry: Registry) -> None:
        """It holds nothing."""


@dataclass(frozen=True)
class HttpWait:
    """Waits until a server answers, and not with an error of its own."""

    url: str
    timeout: float = 30
    interval: float = 1
    status: int | None = None
    """Exactly this one; absent = any below 500."""

    def validate(self) -> list[str]:
        return [*_url_problems(self.url), *_above_zero(timeout=self.timeout, interval=self.interval)]

    async def execute(self, _process: Process, _context: Context) -> StepResult:
        clock = asyncio.get_running_loop().time
        deadline = clock() + self.timeout
        answer = ""
        while (left := deadline - clock()) > 0:
            try:
                status, _ = await asyncio.to_thread(_ask, "GET", self.url, left)
            except OSError as error:
                answer = answer if answer and clock() >= deadline else str(error)  # the last one had no time
            else:
                if status == self.status or (self.status is None and status < 500):
                    return StepResult(True, f"{self.url} answers {status}")
                answer = f"it answers {status}"
            await asyncio.sleep(min(self.interval, max(deadline - clock(), 0)))
        return StepResult(False, error=f"after {self.timeout:g} s {self.url} is not ready: {answer}")


@dataclass(frozen=True)
class HttpRequest:
    """Asks a server something, and looks at the answer."""

    url: str
    method: str = "GET"
    json: Any = None
    data: str | Mapping[str, str] | None = None
    """A body as text, or the fields of a form."""
    params: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, Any] = field(default_factory=dict)
    timeout: float = 30
    status: int | None = None
    """Exactly this one; absent = any below 400."""
    contains: str | list[str] = field(default_factory=list)
    """Texts that the answer must hold."""
    set: Mapping[str, str] = field(default_factory=dict)
    """Values of variables: what a regular expression (its first group, if it has one) matches in the answer."""

    def validate(self) -> list[str]:
        problems = [*_url_problems(self.url), *_above_zero(timeout=self.timeout)]
        if str(self.method).upper() not in METHODS:
            problems.append(f"`method` is `{self.method}`, but must be one of {', '.join(METHODS)}")
        if self.json is not None and self.data is not None:
            problems.append("`json` and `data` exclude each other")
        return problems

    async def execute(self, _process: Process, _context: Context) -> StepResult:
        method = self.method.upper()
        try:
            status, body = await asyncio.to_thread(_ask, method, self._address(), self.timeout, **self._sent())
        except OSError as error:
            return StepResult(False, error=f"{method} {self.url}: {error}")
        shown = f"{method} {self.url} answers {status}: {body[:SHOWN]}"
        if (status != self.status) if self.status is not None else status >= 400:
            wanted = f", not {self.status}" if self.status is not None else ""
            return StepResult(False, error=f"{method} {self.url} answers {status}{wanted}: {body[:SHOWN]}")
        for text in [self.contains] if isinstance(self.contains, str) else self.contains:
            if text not in body:
                return StepResult(False, error=f"{shown}, without `{text}`")
        found = {name: compile_pattern(pattern).search(body) for name, pattern in self.set.items()}
        if missing := [name for name, match in found.items() if match is None]:
            return StepResult(False, error=f"{shown}, which `{self.set[missing[0]]}` does not match")
        values = {name: match[1 if match.re.groups else 0] for name, match in found.items() if match}
        return StepResult(True, shown, data=values)

    def _address(self) -> str:
        from urllib.parse import urlencode

        if not self.params:
            return self.url
        return f"{self.url}{'&' if '?' in self.url else '?'}{urlencode(self.params, doseq=True)}"

    def _sent(self) -> dict[str, Any]:
        headers = {name: str(value) for name, value in self.headers.items()}
        if self.json is not None:
            return {"body": json_.dumps(self.json), "headers": {"Content-Type": "application/json", **headers}}
        if isinstance(self.data, Mapping):
            return {"fields": dict(self.data), "encode_multipart": False, "headers": headers}
        return {"body": self.data, "headers": headers}


def _ask(method: str, url: str, timeout: float, **sent: Any) -> tuple[int, str]:
    """Ask a server; return the status and the text of the answer.

    :raises OSError: when there is no answer.
    """
    import urllib3

    retry = urllib3.Retry(None, connect=0, read=0, status=0, other=0, redirect=REDIRECTS)
    try:
        with urllib3.PoolManager() as pool:
            wait = urllib3.Timeout(total=timeout)
            answer = pool.request(method, url, retries=retry, timeout=wait, preload_content=False, **sent)
            body = answer.read(LARGEST, decode_content=True)
            answer.close()
            return answer.status, body.decode("utf-8", "replace")
    except urllib3.exceptions.HTTPError as error:
        reason = error.reason if isinstance(error, urllib3.exceptions.MaxRetryError) and error.reason else error
        raise OSError(str(reason).rpartition(": ")[2].lower()) from error


def _url_problems(url: Any) -> list[str]:
    from urllib.parse import urlsplit

    if isinstance(url, str) and ("{{" in url or (urlsplit(url).scheme in ("http", "https") and urlsplit(url).netloc)):
        return []
    return [f"`url` is `{url}`, but must be an address such as `http://localhost:8080/health`"]


def _above_zero(**values: Any) -> list[str]:
    bad = {name: value for name, value in values.items() if not (isinstance(value, int | float) and value > 0)}
    return [f"`{name}` is `{value}`, but must be a number above zero" for name, value in bad.items()]
