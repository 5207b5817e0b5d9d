"""GitHub on this machine: it remembers what it is told, and holds each request against GitHub's own description.

A request that the description does not allow, and an answer of ours that it does not, fail the test at its end.
"""

from __future__ import annotations

import copy
import json
import re
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from jsonschema import Draft4Validator
from jsonschema.validators import extend
from referencing import Registry
from referencing.jsonschema import DRAFT4

from tests.support.servers import Quiet, listening

DESCRIPTION: dict[str, Any] = json.loads(Path(__file__).parents[1].joinpath("data/github/api.json").read_bytes())
TOKEN = "ghp_0nlyForTests"


class Reply(NamedTuple):
    """What the server says; `silence`: it never says it."""

    status: int
    data: Any
    headers: Mapping[str, str] = {}
    silence: bool = False


class Asked(NamedTuple):
    """A request."""

    method: str
    path: str
    body: Any = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


RATE_LIMIT = Reply(403, {"message": "API rate limit exceeded for user ID 1."}, {"X-RateLimit-Remaining": "0"})
LONG_LIMIT = RATE_LIMIT._replace(headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "4102444800"})
SECONDARY_LIMIT = Reply(403, {"message": "You have exceeded a secondary rate limit."}, {"Retry-After": "7"})
TOO_MANY = Reply(429, {"message": "Too many requests"}, {"Retry-After": "3"})
BAD_GATEWAY = Reply(502, {"message": "Server Error"})
SILENCE = Reply(200, {}, silence=True)
NOT_FOUND = Reply(404, {"message": "Not Found"})


@dataclass
class Settings:
    """The rules of one environment, with GitHub's defaults."""

    reviewers: list[str] = field(default_factory=list)
    """`login` or `org/team`."""
    wait_timer: int = 0
    prevent_self_review: bool = False
    deployment_branch_policy: dict[str, bool] | None = None
    can_admins_bypass: bool = True


@dataclass
class GitHubServer:
    """One repository, and who could review it."""

    repository: str = "ann/shop"
    people: dict[str, int] = field(default_factory=lambda: {"ann": 11, "bob": 12, "ann/leads": 21})
    """Ids, by login or `org/team`."""
    environments: dict[str, Settings] = field(default_factory=dict)
    checks: list[tuple[str, str | None]] = field(default_factory=list)
    """Name and conclusion of each check run of every commit."""
    may_write: bool = True
    forgets: tuple[str, ...] = ()
    """Fields that it takes and does not keep."""
    next_answers: deque[Reply] = field(default_factory=deque)
    """Given instead of the right ones, one for each request."""
    address: str = ""
    asked: list[Asked] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """What the description does not allow."""
    closed: Event = field(default_factory=Event)

    @property
    def environ(self) -> dict[str, str]:
        """What makes a program talk to this server."""
        return {"GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": self.address}

    @property
    def written(self) -> list[Any]:
        """The bodies of all requests that were to change something."""
        return [asked.body for asked in self.asked if asked.method != "GET"]

    def answer(self, asked: Asked, query: str, headers: Mapping[str, str]) -> Reply:
        """Return what GitHub would say."""
        self.asked.append(asked)
        found = _operation(asked)
        if found is None:
            self.problems.append(f"{asked}: GitHub has no such operation, or the tests do not know it")
            return NOT_FOUND
        path, parameters = found
        self.problems += (f"{asked}: {problem}" for problem in _problems(asked, path, query, headers))
        if self.next_answers:
            return self.next_answers.popleft()
        if headers.get("Authorization") not in (f"token {TOKEN}", f"Bearer {TOKEN}"):
            return Reply(401, {"message": "Bad credentials"})
        said = self._say(asked, path, parameters)
        if said.status == 200:
            schema = _pointer("paths", path, asked.method.lower(), "responses", "200", *_JSON)
            self.problems += (f"the answer to {asked}: {error.message}" for error in _errors(schema, said.data))
        return said

    def _say(self, asked: Asked, path: str, parameters: dict[str, str]) -> Reply:
        example = _example(path)
        match parameters:
            case {"username": name} if name in self.people:
                return Reply(200, {**example, "login": name, "id": self.people[name]})
            case {"org": owner, "team_slug": team} if f"{owner}/{team}" in self.people:
                return Reply(200, {**example, "slug": team, "id": self.people[f"{owner}/{team}"]})
            case {"owner": owner, "repo": repo} if f"{owner}/{repo}" == self.repository:
                return self._say_of_repository(asked, parameters, example)
            case _:
                return NOT_FOUND

    def _say_of_repository(self, asked: Asked, parameters: dict[str, str], example: Any) -> Reply:
        if "ref" in parameters:
            one = example["check_runs"][0]
            runs = [{**one, "name": name, "conclusion": ended, "status": "completed" if ended else "in_progress"}
                    for name, ended in self.checks]  # fmt: skip
            return Reply(200, {"total_count": len(runs), "check_runs": runs})
        name = parameters.get("environment_name")
        if name is None:
            return Reply(200, {**example, "full_name": self.repository})
        if asked.method == "PUT":
            if not self.may_write:
                return Reply(403, {"message": "Resource not accessible by integration"})
            names = {number: name for name, number in self.people.items()}
            body = dict(asked.body or {})
            body["reviewers"] = [names[reviewer["id"]] for reviewer in body.get("reviewers") or ()]
            self.environments[name] = Settings(**{key: body[key] for key in body if key not in self.forgets})
        if name not in self.environments:
            return NOT_FOUND
        return Reply(200, self._environment(name, example))

    def _environment(self, name: str, example: Any) -> dict[str, Any]:
        settings = self.environments[name]
        wait, review, branches = (copy.deepcopy(rule) for rule in example["protection_rules"])
        user, team = (entry["reviewer"] for entry in review["reviewers"])
        rules = []
        if settings.wait_timer:
            rules.append({**wait, "wait_timer": settings.wait_timer})
        if settings.reviewers:
            review["prevent_self_review"] = settings.prevent_self_review
            review["reviewers"] = [
                {"type": "Team", "reviewer": {**team, "slug": who.partition("/")[2], "id": self.people[who]}}
                if "/" in who
                else {"type": "User", "reviewer": {**user, "login": who, "id": self.people[who]}}
                for who in settings.reviewers
            ]
            rules.append(review)
        if settings.deployment_branch_policy:
            rules.append(branches)
        return {
            **example,
            "name": name,
            "protection_rules": rules,
            "deployment_branch_policy": settings.deployment_branch_policy,
            "can_admins_bypass": settings.can_admins_bypass,
        }


@contextmanager
def github_server(**known: Any) -> Iterator[GitHubServer]:
    """Be GitHub on the loopback interface; `known` are fields of the server."""
    server = GitHubServer(**known)

    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = Asked(self.command, parts.path, json.loads(body) if body else None)
            answer = server.answer(asked, parts.query, self.headers)
            if answer.silence:
                server.closed.wait()
                return
            data = json.dumps(answer.data).encode()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_PUT(self) -> None:
            self.do_GET()

    with listening(Handler, server.closed.set) as server.address:
        yield server
    assert not server.problems, "\n".join(server.problems)


# --- the description ----------------------------------------------------------------------------------------------

_JSON = ("content", "application/json", "schema")
_NAME = "urn:github"


def _operation(asked: Asked) -> tuple[str, dict[str, str]] | None:
    """Return the path of an operation as it is described, and the values of its parameters."""
    for path, methods in DESCRIPTION["paths"].items():
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path))
        if asked.method.lower() in methods and (found := re.fullmatch(pattern, asked.path)):
            return path, {name: unquote(value) for name, value in found.groupdict().items()}
    return None


def _problems(asked: Asked, path: str, query: str, headers: Mapping[str, str]) -> Iterator[str]:
    """Yield what the description does not allow in a request."""
    operation = DESCRIPTION["paths"][path][asked.method.lower()]
    parameters = [_resolved(parameter) for parameter in operation.get("parameters", ())]
    schemas = {parameter["name"]: parameter["schema"] for parameter in parameters if parameter["in"] == "query"}
    given = dict(parse_qsl(query, keep_blank_values=True))
    yield from (f"there is no parameter `{name}`" for name in given.keys() - schemas.keys())
    for name in given.keys() & schemas.keys():
        value: Any = int(given[name]) if schemas[name].get("type") == "integer" else given[name]
        yield from (error.message for error in _Validator(schemas[name]).iter_errors(value))
    if "requestBody" in operation:
        schema = _pointer("paths", path, asked.method.lower(), "requestBody", *_JSON)
        yield from (error.message for error in _errors(schema, asked.body))
    elif asked.body is not None:
        yield "it takes no body"
    if not headers.get("User-Agent"):
        yield "GitHub refuses requests without User-Agent"


def _example(path: str) -> Any:
    content = DESCRIPTION["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    example = copy.deepcopy(_resolved(next(iter(content["examples"].values())))["value"])
    match example:  # some lack what their own schemas require
        case {"source": _}:
            del example["source"]
            example["language"] = None
        case {"slug": _, "organization": organization}:
            example["type"] = "organization"
            organization["archived_at"] = None
    return example


def _resolved(node: Any) -> Any:
    if "$ref" not in node:
        return node
    _, _, kind, name = node["$ref"].split("/")
    return DESCRIPTION["components"][kind][name]


def _pointer(*parts: str) -> str:
    return "/".join(part.replace("~", "~0").replace("/", "~1") for part in ("", *parts))


def _nullable(keyword: str) -> Any:
    """OpenAPI 3.0 says `nullable` where JSON Schema has a type `null`."""

    def check(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        if instance is not None or not schema.get("nullable"):
            yield from Draft4Validator.VALIDATORS[keyword](validator, value, instance, schema)

    return check


_Validator = extend(Draft4Validator, {keyword: _nullable(keyword) for keyword in ("type", "enum")})


@cache
def _registry() -> Any:
    return Registry().with_resource(_NAME, DRAFT4.create_resource(DESCRIPTION))


def _errors(pointer: str, data: Any) -> Iterator[Any]:
    validator: Any = _Validator
    return iter(validator({"$ref": f"{_NAME}#{pointer}"}, registry=_registry()).iter_errors(data))
