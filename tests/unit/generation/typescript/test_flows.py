"""Flows: which routes a task's words mean, in which order, and what one answer hands to the next request."""

from __future__ import annotations

from typing import Any

from orchestrator.generation.typescript import flow_emission
from orchestrator.generation.typescript.flows import derive
from orchestrator.templates import Templates, shipped_directory

TEXT = {"t": {"k": "string"}, "optional": False}


def tree(**props: Any) -> dict[str, Any]:
    return {"k": "object", "name": "", "props": props}


def route(key: str, prefix: str, **fields: Any) -> dict[str, Any]:
    method, url = key.split(" ")
    plain = {"payload": None, "ids": [], "statuses": [200], "body": None, "isGuarded": prefix != "/auth"}
    return {"method": method, "url": url, "prefix": prefix, **plain, **fields}


SESSION = tree(user={"t": tree(id=TEXT, email=TEXT), "optional": False}, accessToken=TEXT, refreshToken=TEXT)
ACCOUNT = {"email": "ada@example.com", "password": "sturdy-horse-42"}
ROUTES = [
    route("POST /auth/register", "/auth", payload=ACCOUNT, statuses=[201], body=SESSION),
    route("POST /auth/login", "/auth", payload=ACCOUNT, body=SESSION),
    route("POST /auth/verification", "/auth", payload={"code": "x"}, ids=["code"]),
    route("POST /auth/refresh", "/auth", payload={"refreshToken": "token-1"}, body=SESSION),
    route("GET /auth/me", "/auth", body=tree(email=TEXT), isGuarded=True),
    route("GET /clubs/:slug", "/clubs", body=tree(name=TEXT)),
    route("POST /clubs", "/clubs", payload={"name": "Night Owls"}, body=tree(id=TEXT, slug=TEXT, name=TEXT)),
    route("POST /clubs/:id/members", "/clubs", statuses=[202, 200]),
    route("PATCH /clubs/:id/members/:userId", "/clubs", payload={"role": "member"}, statuses=[204]),
    route("DELETE /clubs/:id/ban", "/clubs"),
    route("PUT /clubs/:id/reports/:reportId", "/clubs"),
]


def taken(stem: str, words: str) -> list[str]:
    flow = derive(ROUTES, stem, words)
    return [f"{step.who or 'nobody'} {step.route['method']} {step.route['url']}" for step in flow.steps] if flow else []


def rendered(stem: str, words: str) -> str:
    flow = derive(ROUTES, stem, words)
    assert flow is not None
    facts = {"file": "src/app.ts", "name": "buildApp", "needs": ["DATABASE_URL"]}
    context = flow_emission.parts(facts, flow, stem, "tests/e2e/x.spec.ts")
    return Templates([shipped_directory("templates") / "tests"]).render(flow_emission.TEMPLATE, context)


def test_the_words_of_a_task_choose_the_steps() -> None:
    words = "Register, log in, and read one's own profile."
    assert taken("registration", words) == [
        "nobody POST /auth/register",
        "nobody POST /auth/login",
        "first GET /auth/me",
    ]


def test_what_only_a_mail_could_tell_is_no_step() -> None:
    assert "nobody POST /auth/verification" not in taken("registration", "Register, verification")


def test_somebody_else_joins_what_somebody_has_made() -> None:
    assert taken("clubs", "Found a club, and see its members.") == [
        "nobody POST /auth/register",
        "nobody POST /auth/register",
        "first POST /clubs",
        "second POST /clubs/:id/members",
        "first GET /clubs/:slug",
        "first PATCH /clubs/:id/members/:userId",
    ]


def test_no_route_that_fits_is_no_flow() -> None:
    assert derive(ROUTES, "payments", "Pay.") is None


def test_an_answer_hands_its_fields_to_later_requests() -> None:
    text = rendered("clubs", "Found a club, and see its members.")
    assert "const name = `Night Owls ${run}`;" in text
    assert "url: `/clubs/${postClubs.json().id}/members/${postRegister2.json().user.id}`" in text
    assert "url: `/clubs/${postClubs.json().slug}`" in text
    assert "headers: { authorization: `Bearer ${postRegister2.json().accessToken}` }" in text
    assert "expect([200, 202]).toContain(postMembers.statusCode);" in text
    assert "expect(getClubs.json()).toMatchObject({ name });" in text


def test_a_token_is_taken_from_the_latest_answer_that_has_one() -> None:
    text = rendered("registration", "Register, refresh.")
    assert "payload: { refreshToken: postRegister.json().refreshToken }" in text
    assert "toMatchObject({ user: { id: expect.any(String), email }" in text


def test_a_flow_is_skipped_in_sight_where_nobody_asks_for_it() -> None:
    text = rendered("registration", "Register and read the own profile.")
    assert "const suite = process.env.E2E ? describe : describe.skip;" in text
    assert "['GET', '/auth/me', undefined]," in text
