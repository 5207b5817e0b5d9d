"""What is written for routes, hooks, plugins and modules that act when they are loaded, from records alone."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.generation.typescript import blame
from orchestrator.generation.typescript.emission import TEMPLATE, form_of, members, parts, titles
from orchestrator.generation.typescript.heads import values_in
from orchestrator.generation.typescript.kinds import clash_in, has_subjects
from orchestrator.templates import Templates, shipped_directory

TEST_FILE = "src/__tests__/shop.test.ts"
SIGNED_IN = {"authorization": "Bearer token-1"}
NOTHING = {"$undefined": True}


def model(**fields: Any) -> dict[str, Any]:
    facts = {"target": "src/shop.ts", "imports": [], "functions": [], "classes": [], "others": [], "sites": {}}
    return {**facts, "usesClock": False, "givens": {}, "fastify": None, "graphql": None, "loading": None, **fields}


def server(**fields: Any) -> dict[str, Any]:
    shop = {"name": "shop", "local": "shop", "optional": False, "shape": "object"}
    plugin = {"name": "default", "local": "shopRoutes", "title": None, "options": [shop]}
    used: dict[str, Any] = {"decorations": [], "decorates": [], "gates": [], "hasGate": True}
    return {"plugins": [plugin], "hooks": [], "errorHandler": None, "compilers": [], **used, **fields}


def recorded(kind: str, fn: str, **fields: Any) -> dict[str, Any]:
    case = {"kind": kind, "fn": fn, "owner": None, "isStatic": False, "isAsync": True, "params": [], "args": []}
    facts: dict[str, Any] = {"given": [], "values": {}, "inputs": {}, "script": [], "choices": [], "isWrong": False}
    return {**case, **facts, "plugin": "default", "suspicion": None, **fields}


def answer(status: int, body: Any = None, headers: dict[str, str] | None = None) -> dict[str, Any]:
    is_json = body is not None
    return {"status": status, "body": body if is_json else "", "isJson": is_json, "headers": headers or {}}


def rendered(facts: dict[str, Any], cases: list[dict[str, Any]]) -> str:
    templates = Templates([shipped_directory("templates") / "tests"])
    return templates.render(TEMPLATE, parts(facts, cases, TEST_FILE))


def order(payload: dict[str, Any] | None, **fields: Any) -> dict[str, Any]:
    sent = {"method": "POST", "url": "/orders", "headers": SIGNED_IN}
    inputs = {"request": sent if payload is None else {**sent, "payload": payload}, **fields.pop("inputs", {})}
    return recorded("route", "POST /orders", inputs=inputs, **fields)


def refused(field: str, label: str, payload: dict[str, Any]) -> dict[str, Any]:
    choices = [{"at": f"body:{field}", "label": label}]
    return order(payload, value=answer(400, {"message": field}), isWrong=True, choices=choices)


def mocked(shape: str, **fields: Any) -> str:
    """Return how a test replaces a package that is required as a whole."""
    name = {"name": "=", "local": "got", "shape": shape, **fields}
    facts = model(imports=[{"specifier": "got", "file": None, "fate": "replaced", "names": [name]}])
    (line,) = (one for one in rendered(facts, [plain_call("buy")]).splitlines() if one.startswith("jest.mock("))
    return line.removeprefix("jest.mock('got', () => ").removesuffix(");")


def plain_call(fn: str, **fields: Any) -> dict[str, Any]:
    return recorded("call", fn, isAsync=False, value=1, script=[["got()", {"$undefined": True}]], **fields)


@pytest.mark.parametrize(
    ("shape", "fields", "stands"),
    [
        ("function", {"isSync": False}, "(...args: unknown[]) => mockOutside.call('got', args)"),
        ("function", {"isSync": True}, "(...args: unknown[]) => mockOutside.call('got', args, 'sync')"),
        ("class", {}, "jest.fn(() => mockOutside.object('got'))"),
        ("query", {}, "mockLater(() => mockOutside.query('got'))"),
        ("object", {}, "mockLater(() => mockOutside.object('got'))"),
        ("value", {"known": 3}, "3"),
    ],
)
def test_a_module_that_is_used_as_a_whole_is_replaced_as_a_whole(shape: str, fields: Any, stands: str) -> None:
    assert mocked(shape, **fields) == stands


def test_what_a_module_is_by_itself_is_imported_under_its_name() -> None:
    text = rendered(model(whole="shop", isCommon=True), [plain_call("shop"), plain_call("shop.open")])
    assert "import shop from '../shop';" in text
    assert "expect(shop.open()).toBe(1);" in text


def test_a_handler_of_express_is_given_a_response_that_is_told_and_gives_itself_back() -> None:
    shapes = {"res": "fluent", "next": "told"}
    givens = {name: {"double": {"shape": shape, "local": name}} for name, shape in shapes.items()}
    text = rendered(model(givens=givens), [plain_call("show", args=[{"$given": "res"}, {"$given": "next"}])])
    assert "res: mockOutside.fluent('res')" in text
    assert "next: (...args: unknown[]) => mockOutside.call('next', args, 'sync')" in text
    assert "fluent(name: string): Anything {" in text


def test_a_handler_that_answers_with_its_response_is_compared_with_it() -> None:
    given = {"$given": "res"}
    param = {"name": "res", "optional": False, "type": {"k": "any"}}
    text = rendered(model(), [plain_call("show", args=[given], params=[param]) | {"value": given}])
    assert "expect(show(res)).toBe(res);" in text


@pytest.mark.parametrize(
    ("test_file", "is_common", "form"),
    [("a.test.js", True, "require"), ("a.test.ts", True, "import"), ("a.test.js", False, "import")],
)
def test_a_test_in_javascript_requires_a_commonjs_module(test_file: str, is_common: bool, form: str) -> None:
    assert form_of({"isCommon": is_common}, test_file) == form


def test_modules_of_a_directory_are_required_where_all_are_of_commonjs() -> None:
    assert form_of({"modules": [{"isCommon": True}, {"isCommon": True}]}, "a.test.js") == "require"
    assert form_of({"modules": [{"isCommon": True}, {"isCommon": False}]}, "a.test.js") == "import"


BOUGHT = order(
    {"item": "tea", "count": 1}, value=answer(201, {"id": "o-1"}), script=[["shop.buy('tea')", {"id": "o-1"}]]
)
FACTS = model(fastify=server())


def test_a_route_is_sent_a_request_and_its_answer_and_calls_are_checked() -> None:
    text = rendered(FACTS, [BOUGHT])
    assert "import shopRoutes from '../shop';" in text
    assert "app.register(shopRoutes, { shop: mockOutside.object('shop') });" in text
    assert "describe('POST /orders', () => {" in text
    assert "  it('answers 201 with id', async () => {" in text
    assert (
        "await send({ method: 'POST', url: '/orders', headers: signedIn, payload: { item: 'tea', count: 1 } }" in text
    )
    assert "[[\"shop.buy('tea')\", { id: 'o-1' }]]" in text
    assert "expect(response.json()).toEqual({ id: 'o-1' });" in text


def test_requests_that_are_refused_in_the_same_way_are_rows_that_change_a_valid_one() -> None:
    cases = [BOUGHT, refused("item", "missing", {"count": 1}), refused("count", "0", {"item": "tea", "count": 0})]
    text = rendered(FACTS, cases)
    assert "const valid: Record<string, unknown> = { item: 'tea', count: 1 };" in text
    assert "['there is no item', { ...valid, item: undefined }, { message: 'item' }]," in text
    assert "['count is 0', { ...valid, count: 0 }, { message: 'count' }]," in text
    assert "('answers 400 when %s', async (_reason, payload, expected) => {" in text
    assert [name for name, _ in members(FACTS, cases, TEST_FILE)][:2] == [
        "POST /orders answers 400 when there is no item",
        "POST /orders answers 400 when count is 0",
    ]


def test_an_error_of_the_project_is_made_of_its_own_class_and_named_in_the_title() -> None:
    gone = {"$new": {"name": "GoneError", "file": "src/errors.ts", "args": ["Sold out"]}}
    choices = [{"at": "reply:0", "label": 'fails with "Sold out"'}]
    case = order(None, value=answer(410), script=[["shop.buy()", gone]], choices=choices)
    text = rendered(FACTS, [case])
    assert "import { GoneError } from '../errors';" in text
    assert "[['shop.buy()', new GoneError('Sold out')]]" in text
    assert titles(parts(FACTS, [case], TEST_FILE)) == ['POST /orders answers 410 when shop.buy fails with "Sold out"']


def test_guards_are_replaced_and_who_is_signed_in_is_told_where_it_is_unusual() -> None:
    names = [
        {"name": "authenticate", "local": "authenticate", "shape": "function", "role": "gate", "admits": True},
        {"name": "viewer", "local": "viewer", "shape": "function", "role": "viewer", "admits": True},
        {"name": "needs", "local": "needs", "shape": "function", "role": "maker", "admits": True},
    ]
    facts = {**FACTS, "imports": [{"specifier": "./auth", "fate": "replaced", "names": names}]}
    admin = order(None, value=answer(204), inputs={"viewer:viewer": {"role": "admin"}})
    text = rendered(facts, [order(None, value=answer(403), inputs={"viewer:viewer": {"role": "member"}}), admin])
    assert "authenticate: (request: FastifyRequest) => mockAdmit(request)," in text
    assert "viewer: () => mockGiven.viewer," in text
    assert "needs: (...args: unknown[]) => mockGate('needs')(...args)," in text
    assert "const usual = { viewer: { role: 'member' } };" in text
    assert "headers: signedIn }, undefined, { viewer: { role: 'admin' } });" in text


def test_what_is_suspicious_is_said_beside_its_test() -> None:
    case = order(None, value=answer(500), suspicion="POST /orders: answers 500 to a request that is right")
    text = rendered(FACTS, [case])
    assert "  // Look at this: POST /orders: answers 500 to a request that is right.\n  it('answers 500'" in text


def test_what_the_server_must_have_is_given_to_it() -> None:
    stock = {"on": "instance", "name": "stock", "local": "app.stock", "shape": "object"}
    user = {"on": "request", "name": "user", "local": "user", "shape": "value"}
    handler = {"name": "onError", "file": "src/errors.ts"}
    text = rendered(model(fastify=server(decorations=[stock, user], errorHandler=handler)), [BOUGHT])
    assert "app.decorate('stock', { getter: () => mockOutside.object('app.stock') });" in text
    assert "app.decorateRequest('user', null);" in text
    assert "import { onError } from '../errors';" in text
    assert "app.setErrorHandler(onError);" in text
    assert "jest.setTimeout(60_000);" in text


def hooked(acts: str, **fields: Any) -> dict[str, Any]:
    request = {"method": "GET", "url": "/"}
    hook = {"name": "limit", "acts": acts, "maker": fields.pop("maker", None)}
    inputs = {"request": request, **fields.pop("inputs", {})}
    return recorded("hook", "limit", hook=hook, inputs=inputs, value=answer(200, {"passed": True}), **fields)


def test_a_hook_is_mounted_on_a_server_of_its_own() -> None:
    user = {"on": "request", "name": "user", "local": "user", "shape": "value"}
    facts = model(fastify=server(plugins=[], decorations=[user]))
    text = rendered(facts, [hooked("hook", inputs={"viewer:user": {"id": "u-1"}})])
    assert "pass((app) => app.addHook('preHandler', limit), { method: 'GET', url: '/' }, undefined, " in text
    assert "{ request: { user: { id: 'u-1' } } });" in text
    assert "return { passed: true, user: (received as Anything).user };" in text


def test_what_makes_a_hook_gets_its_services_and_values() -> None:
    store = {"name": "store", "local": "store", "shape": "object"}
    most = {"name": "most", "local": "most", "shape": "value"}
    maker = [{"name": "options", "shape": "members", "members": [store, most]}]
    text = rendered(model(fastify=server(plugins=[])), [hooked("hook", maker=maker, inputs={"option:most": 3})])
    assert "app.addHook('preHandler', limit({ store: mockOutside.object('store'), most: 3 }))" in text


def test_an_error_handler_is_given_an_error() -> None:
    error = {"$error": {"name": "Error", "message": "no", "props": {}}}
    text = rendered(model(fastify=server(plugins=[])), [hooked("error", inputs={"error": error})])
    assert "app.setErrorHandler(limit), { method: 'GET', url: '/' }, undefined, { error: new Error('no') });" in text


@pytest.mark.parametrize(("is_typed", "app"), [(True, "app"), (False, "(app as Anything)")])
def test_a_plugin_is_started_used_and_closed(is_typed: bool, app: str) -> None:
    decorates = [{"name": "ping", "on": "decorate", "isFunction": True}]
    plugin = {"name": "default", "local": "default", "title": "shop", "isTyped": is_typed, "options": []}
    facts = model(fastify=server(plugins=[plugin], decorates=decorates))
    used = recorded("plugin", "ping", uses="ping", value=1)
    text = rendered(facts, [recorded("plugin", "ready", uses=None, value=["ping", "shop"]), used])
    assert "app.register(plugin, options());" in text
    assert "await expect(app.ping()).resolves.toBe(1);" in text
    assert "expect(['ping'].filter((name) => app.hasDecorator(name))).toEqual(['ping']);" in text
    assert f"expect({app}.hasPlugin('shop')).toBe(true);" in text


QUIET = {"goesOn": False, "listens": []}
LOADING = {"names": ["PORT"], "readsEnvironment": True, "callsOut": False, **QUIET}


def loaded(environment: dict[str, str], **fields: Any) -> dict[str, Any]:
    return recorded("load", "loading", inputs={"environment": environment}, **fields)


def test_a_module_is_loaded_under_an_environment_of_its_own() -> None:
    error = {"name": "Error", "message": "process.exit(1)", "props": {}}
    choices = [{"at": "env:PORT", "label": "missing"}]
    cases = [loaded({"PORT": "1"}, value={"port": 1}), loaded({}, error=error, choices=choices)]
    text = rendered(model(loading=LOADING), cases)
    assert "const usual: NodeJS.ProcessEnv = { PORT: '1' };" in text
    assert "import type * as original from '../" in text
    assert "let loaded = {} as typeof original;" in text
    assert "expect(load(usual)).toMatchObject({ port: 1 });" in text
    assert "  it('exits with 1 when there is no PORT', () => {" in text
    assert "expect(() => load({ ...usual, PORT: undefined })).toThrow(" in text


def test_functions_of_a_module_that_asks_when_it_is_loaded_come_from_a_fresh_copy() -> None:
    facts = model(loading={"names": [], "readsEnvironment": False, "callsOut": True, **QUIET})
    facts["imports"] = [
        {"specifier": "db", "fate": "replaced", "names": [{"name": "Db", "local": "Db", "shape": "class"}]},
        {"specifier": "./env", "fate": "replaced", "names": [{"name": "env", "local": "env", "shape": "value"}]},
    ]
    made = recorded("load", "loading", value={}, script=[["new Db('x')", NOTHING]], values={"env": {"url": "x"}})
    call = {**recorded("call", "size", value=2), "isAsync": False}
    text = rendered(facts, [call, made])
    assert "import { size }" not in text
    assert "Db: jest.fn((...args: unknown[]) => mockOutside.made('Db', args))," in text
    assert "get env() { return mockValues.env; }," in text
    assert "const { size } = load();" in text
    assert "  it('sets Db up', () => {" in text
    assert "load([[\"new Db('x')\"]]);" in text


def test_a_target_has_something_to_try_when_any_kind_finds_something() -> None:
    assert not has_subjects(model())
    assert has_subjects(model(loading=LOADING))
    assert has_subjects(FACTS)


def called(fn: str, module: str, **fields: Any) -> dict[str, Any]:
    plain = {"kind": "call", "isAsync": False, "value": 1, "plugin": None, "module": module, **fields}
    return recorded(plain.pop("kind"), fn, **plain)


def directory(*names: str) -> dict[str, Any]:
    return {"target": "src", "modules": [model(target=f"src/{name}") for name in names]}


def test_the_modules_of_a_directory_have_a_describe_each() -> None:
    cases = [called("one", "src/a.ts"), called("two", "src/b.ts", script=[["ask()", 1]])]
    text = rendered(directory("a.ts", "b.ts"), cases)
    assert "describe('a.ts', () => {\n  describe('one', () => {\n\n    it('returns 1', () => {" in text
    assert "import { one } from '../a';\nimport { two } from '../b';" in text
    assert [name for name, _ in members(directory("a.ts", "b.ts"), cases, TEST_FILE)] == [
        "a.ts one returns 1",
        "b.ts two returns 1",
    ]
    lines = [number for number, line in enumerate(text.splitlines(), 1) if "two()" in line]
    assert blame.tests_at(text, lines) == ["b.ts two returns 1"]


def test_what_two_modules_import_is_replaced_once_with_all_that_they_use() -> None:
    def importing(*names: str) -> list[dict[str, Any]]:
        used = [{"name": name, "local": name, "shape": "function", "isSync": True} for name in names]
        return [{"specifier": "./jwt", "file": "src/jwt.ts", "fate": "replaced", "names": used}]

    modules = [
        model(target="src/a.ts", imports=importing("sign")),
        model(target="src/b.ts", imports=importing("sign", "verify")),
    ]
    cases = [called("one", "src/a.ts", script=[["sign()", 1]]), called("two", "src/b.ts")]
    text = rendered({"target": "src", "modules": modules}, cases)
    assert text.count("jest.mock('../jwt'") == 1
    assert (text.count("  sign: ("), text.count("  verify: (")) == (1, 1)


def test_constants_that_modules_import_have_what_any_of_them_reads() -> None:
    cases = [
        called("one", "src/a.ts", values={"env": {"port": 1}}),
        called("two", "src/b.ts", values={"env": {"host": "x", "port": 2}}),
    ]
    assert values_in(cases) == {"env": {"host": "x", "port": 1}}


@pytest.mark.parametrize(
    ("kinds", "reason"),
    [
        (("call", "hook"), None),
        (("route", "route"), "`src/a.ts` and `src/b.ts` both have tests of the kind `route`"),
        (("load", "load"), "`src/a.ts` and `src/b.ts` both have tests of the kind `load`"),
    ],
)
def test_what_does_not_fit_into_one_file_is_told(kinds: tuple[str, str], reason: str | None) -> None:
    cases = [called(f"fn{name}", f"src/{name}.ts", kind=kind) for name, kind in zip("ab", kinds, strict=True)]
    assert clash_in(cases) == reason


def test_names_that_two_modules_share_do_not_fit_into_one_file() -> None:
    cases = [called("one", "src/a.ts"), called("one", "src/b.ts")]
    assert clash_in(cases) == "`src/a.ts` and `src/b.ts` both have `one`"


SIGNER = {"name": "signToken", "file": "src/jwt.ts", "isAsync": False, "params": []}
DB = {"name": "db", "local": "db", "optional": True, "shape": "query"}
APPLICATION = {"name": "buildApp", "signer": SIGNER, "params": [{"name": "options", "optional": True, "members": [DB]}]}
WHOLE = model(target="src/app.ts", application=APPLICATION)


def asked(method: str, url: str, **fields: Any) -> dict[str, Any]:
    route = {"isGuarded": True, "parts": {"isDeclared": False}}
    sent = {"method": method, "url": url, **fields.pop("sent", {})}
    inputs = {"request": sent, **fields.pop("inputs", {})}
    return recorded("app", f"{method} {url}", route=route, inputs=inputs, **{"value": answer(200, {}), **fields})


def test_all_routes_that_refuse_nobody_alike_are_one_table() -> None:
    nobody = [{"at": "auth:", "label": "nobody"}]
    refused = [asked("GET", url, value=answer(401, {"error": "no"}), choices=nobody) for url in ("/a", "/b")]
    text = rendered(WHOLE, [*refused, asked("GET", "/c", value=answer(401, {"error": "other"}), choices=nobody)])
    assert "    ['GET', '/a'],\n    ['GET', '/b'],\n  ])('answers 401 to %s %s', async (method, url) => {" in text
    assert "describe('GET /c', () => {" in text


def test_who_is_signed_in_has_a_token_that_the_application_makes() -> None:
    sent = {"headers": SIGNED_IN}
    member, admin = ({"claims": [{"role": role}]} for role in ("member", "admin"))
    text = rendered(WHOLE, [asked("GET", "/a", sent=sent, inputs=member), asked("GET", "/b", sent=sent, inputs=admin)])
    assert "const somebody: Parameters<typeof signToken> = [{ role: 'member' }];" in text
    assert "import { buildApp } from '../app';\nimport { signToken } from '../jwt';" in text
    assert "import { fastify }" not in text
    assert "send({ method: 'GET', url: '/a', headers: signedIn() });" in text
    assert "send({ method: 'GET', url: '/b', headers: signedIn([{ role: 'admin' }]) });" in text


def test_an_application_is_built_with_its_connections_replaced() -> None:
    text = rendered(WHOLE, [asked("GET", "/a", script=[["db('users').first()", None]])])
    assert "await buildApp({ db: mockOutside.query('db'), ...options });" in text
    assert "if (!this.isListening) return undefined;" in text


def test_tokens_in_answers_are_any_text() -> None:
    text = rendered(WHOLE, [asked("POST", "/login", value=answer(200, {"token": {"$text": True}}))])
    assert "expect(response.json()).toEqual({ token: expect.any(String) });" in text


def test_the_routes_of_an_application_are_listed_and_its_end_is_watched() -> None:
    listed = recorded("app", "routes", value=[["GET", "/a"]])
    closed = recorded("app", "close", value=NOTHING, script=[["db.destroy()", NOTHING]])
    text = rendered(WHOLE, [listed, closed])
    assert "const routes: [Method, string][] = [['GET', '/a']];" in text
    assert "mockOutside = new Outside([['db.destroy()']]);" in text
    assert "await expect(app.close()).resolves.toBeUndefined();" in text


USERS = {
    "name": "users",
    "optional": False,
    "shape": "given",
    "given": "users",
    "double": {"shape": "object", "local": "users"},
}
CONTEXT = {"name": "context", "optional": False, "type": {"k": "any"}, "shape": "members", "members": [USERS]}
GIVENS = {"services": {"members": [USERS]}, "now": {"double": {"shape": "function", "local": "now", "isSync": True}}}
SERVICES = {"$given": "services"}


def asking(fn: str, value: Any, variables: Any = None, **fields: Any) -> dict[str, Any]:
    operation = {"source": f"{fn.split()[0]} ($id: ID!) {{\n  {fn.split()[1]}(id: $id)\n}}"}
    inputs = {"variables": {"id": "1"} if variables is None else variables, **fields.pop("inputs", {})}
    facts = {"operation": operation, "field": fn.split()[1], "answer": None, "value": value, "inputs": inputs}
    return recorded("operation", fn, **{**facts, **fields})


def graphql(**fields: Any) -> dict[str, Any]:
    own = {"isExecutable": True, "isScripted": False, "schema": "schema", "typeDefs": None, "isText": False, "maps": []}
    return {**own, "context": None, "factory": None, **fields}


def test_a_resolver_is_called_by_its_path_with_services_that_answer_from_the_script() -> None:
    params = [{"name": "_root", "type": {"k": "undefined"}}, {"name": "input", "type": {"k": "object"}}, CONTEXT]
    args = [NOTHING, {"id": "1"}, {"services": SERVICES}]
    case = recorded("call", "resolvers.Query.me", params=params, args=args, script=[["users.find('1')", 3]], value=3)
    text = rendered(model(givens=GIVENS), [case])
    assert "import { resolvers } from '../shop';" in text
    assert (
        "services: { users: mockOutside.object('users') }, "
        "now: (...args: unknown[]) => mockOutside.call('now', args, 'sync')"
    ) in text
    assert "const { services } = outside([\"users.find('1')\", 3]);" in text
    assert "await expect(resolvers.Query.me(undefined, { id: '1' }, { services })).resolves.toBe(3);" in text
    assert "named((...args: unknown[]) => this.call(name, args, how[name]), name)" in text


def test_an_operation_is_run_as_somebody_whom_the_context_of_the_project_recognises() -> None:
    request = {"name": "request", "type": {"k": "object", "isPartial": True}}
    factory = {"name": "createContext", "file": "src/context.ts", "isAsync": True, "params": [request, CONTEXT]}
    sent, steps = {"headers": {"authorization": "Bearer t"}}, [["verify('t')", "u-1"]]
    fields = {
        "args": [sent, SERVICES],
        "inputs": {"steps": 1},
        "script": [*steps, ["users.find('u-1')", {"id": "u-1"}]],
    }
    nobody = asking(
        "query me",
        {"data": None, "errors": [{"message": "no", "path": ["me"]}]},
        args=[{"headers": {}}, SERVICES],
        choices=[{"at": "auth:", "label": "nobody"}],
    )
    text = rendered(
        model(graphql=graphql(factory=factory), givens=GIVENS),
        [asking("query me", {"data": {"me": {"id": "u-1"}}}, **fields), nobody],
    )
    assert (
        "import { graphql } from 'graphql';\n"
        "import { createContext } from '../context';\n"
        "import { schema } from '../shop';"
    ) in text
    assert "const signedIn: Anything = { headers: { authorization: 'Bearer t' } };" in text
    assert "const recognised: Step[] = [[\"verify('t')\", 'u-1']];" in text
    assert "const { services } = outside(...recognised, [\"users.find('u-1')\", { id: 'u-1' }]);" in text
    assert "await ask(operation, { id: '1' }, await createContext(signedIn, services));" in text
    assert "it('refuses with \"no\" when nobody is signed in', async () => {" in text


def test_a_schema_alone_is_told_in_tables_of_what_it_promises_passes_on_and_refuses() -> None:
    answer, brief = {"id": "1", "name": "a"}, {"k": "brief"}
    line = "resolvers.Query.shop({ id: '1' })"

    def one(answered: Any, value: Any, at: str, label: str, **fields: Any) -> dict[str, Any]:
        facts = {"answer": brief, "script": [[line, answered]], "choices": [{"at": at, "label": label}]}
        return asking("query shop", value, **{**facts, **fields})

    def lacking(field: str, answered: Any) -> dict[str, Any]:
        error = {"message": f"Cannot return null for non-nullable field Shop.{field}.", "path": ["shop", field]}
        return one(answered, {"data": {"shop": None}, "errors": [error]}, f"reply:0.{field}", "null", isWrong=True)

    usual = asking("query shop", {"data": {"shop": answer}}, answer=brief, script=[[line, answer]])
    passed = [{**answer, "name": name} for name in (None, "b")]
    cases = [usual, lacking("id", {"id": None}), lacking("name", {"id": "1", "name": None})]
    cases += [one(own, {"data": {"shop": own}}, "reply:0.name", str(own["name"])) for own in passed]
    wrong = {"script": [], "isWrong": True}
    cases += [
        one(None, {"errors": [{"message": f"no {own}"}]}, "variables:id", own, variables={}, **wrong)
        for own in ("missing", "null")
    ]
    text = rendered(model(graphql=graphql(isScripted=True)), cases)
    assert "const answer = { id: '1', name: 'a' };" in text
    assert "outside([\"resolvers.Query.shop({ id: '1' })\", answer]);" in text
    assert "['Shop.name', { ...answer, name: null }, ['shop', 'name']]," in text
    assert "('never lacks %s', async (_promise, answered, expected) => {" in text
    assert "['name is b', { ...answer, name: 'b' }]," in text
    assert "['there is no id', {}, 'no missing']," in text
    assert "('refuses variables when %s', async (_reason, variables, expected) => {" in text
    assert "field.resolve = (_root, args) => mockOutside.call(" in text


def test_definitions_and_resolvers_in_files_of_their_own_become_one_schema() -> None:
    maps = [{"name": "resolvers", "file": "src/resolvers.ts"}]
    own = graphql(schema=None, typeDefs="typeDefs", isText=True, maps=maps)
    text = rendered(model(graphql=own), [asking("query shop", {"data": {"shop": None}})])
    assert "import { buildASTSchema, graphql, parse } from 'graphql';" in text
    assert "const schema = buildASTSchema(parse(typeDefs));" in text
    assert "for (const map of [resolvers] as Record<string, Anything>[]) {" in text


def test_a_context_that_cannot_be_made_is_an_error_of_its_own() -> None:
    factory = {"name": "createContext", "file": "src/shop.ts", "isAsync": False, "params": []}
    error = {"name": "UnauthorizedError", "message": "expired", "props": {}}
    case = asking("query me", None, variables={}, error=error, inputs={"steps": 0})
    text = rendered(model(graphql=graphql(factory=factory)), [case])
    assert "await expect(async () => ask(operation, undefined, createContext())).rejects.toMatchObject({" in text
    assert has_subjects(model(graphql=graphql()))
    assert not has_subjects(model(graphql={"isExecutable": False}))


def test_a_module_of_data_is_compared_with_all_that_it_exports() -> None:
    value = {"default": {"size": 3}, "open": {"$function": True}, "pool": {"$something": True}}
    text = rendered(model(data=sorted(value)), [recorded("data", "exports", isAsync=False, value=value)])
    assert "import { default as main, open, pool } from '../shop';" in text
    assert "it('has default, open and pool', () => {" in text
    wanted = "{ main: { size: 3 }, open: expect.any(Function), pool: expect.any(Object) }"
    assert f"expect({{ main, open, pool }}).toEqual({wanted});" in text
    assert "Outside" not in text
    assert has_subjects(model(data=["size"]))
    assert not has_subjects(model(data=[]))


def test_what_a_call_makes_is_asked_under_the_name_of_that_call() -> None:
    sites = {
        "got.create": {"isSync": True, "makes": "object"},
        "got.create().use": {"isSync": True},
        "knex": {"isSync": True, "makes": "query"},
    }
    names = [{"name": "default", "local": "got", "shape": "object"}]
    made = {"specifier": "knex", "names": [{"name": "connect", "local": "knex", "shape": "function", "isSync": True}]}
    imports = [{"specifier": "got", "names": names}, made]
    facts = model(sites=sites, imports=[{**one, "file": None, "fate": "replaced"} for one in imports])
    text = rendered(facts, [plain_call("buy", choices=[]) | {"value": {"$function": True}}])
    assert "mockOutside.object('got', { 'got.create': 'object', 'got.create().use': 'sync' })" in text
    assert "connect: (...args: unknown[]) => mockOutside.call('knex', args, 'query', { knex: 'query' })" in text
    assert "if (how === 'object') return this.object(`${name}()`, ways);" in text
    assert "it('returns what got makes', () => {" in text
    assert "expect(buy()).toEqual(expect.any(Function));" in text


def test_a_namespace_that_is_called_is_replaced_as_a_whole() -> None:
    assert mocked("object", name="*") == "mockLater(() => mockOutside.object('got'))"


def test_a_module_that_goes_on_when_it_is_loaded_is_waited_for() -> None:
    loading = {"names": [], "readsEnvironment": False, "callsOut": True, "goesOn": True, "listens": ["on"]}
    case = recorded("load", "loading", value={"port": 1}, script=[["serve()", NOTHING], ["process.exit(1)", NOTHING]])
    text = rendered(model(loading=loading), [case, {**case, "value": {}}])
    assert "process.exit = ((code = 0) => mockOutside.call('process.exit', [code], 'sync')) as" in text
    assert "process.on = (...args: unknown[]) => mockOutside.call('process.on', args, 'sync');" in text
    assert "process.on = realOn;" in text
    assert "const loaded = load([['serve()'], ['process.exit(1)']]);" in text
    assert "await settled();\n    expect(loaded).toMatchObject({ port: 1 });" in text
    assert "  load([['serve()'], ['process.exit(1)']]);\n\n    await settled();\n    expect(mockOutside" in text


def test_routes_are_checked_as_the_project_tells_its_own_server() -> None:
    package = {"method": "setValidatorCompiler", "name": "validate", "specifier": "checks"}
    own = {"method": "setSerializerCompiler", "name": "write", "file": "src/write.ts"}
    case = order(None, value=answer(200, {}))
    text = rendered(model(fastify=server(compilers=[package, own], plugins=[server()["plugins"][0]])), [case])
    assert "import { validate } from 'checks';" in text
    assert "import { write } from '../write';" in text
    assert "  app.setValidatorCompiler(validate);\n  app.setSerializerCompiler(write);" in text


def test_an_application_is_given_a_logger_that_says_nothing_and_its_usual_options() -> None:
    members = [{"name": "logger", "local": "logger", "shape": "object", "isLogger": True}]
    members += [{"name": "quick", "local": "quick", "shape": "value", "optional": False}]
    param = {"name": "options", "optional": False, "members": members}
    application = {"name": "build", "params": [param], "signer": None}
    route = {"parts": {"isDeclared": False}, "isGuarded": False}
    sent = {"option:quick": True, "request": {"method": "GET", "url": "/"}}
    case = recorded("app", "GET /", inputs=sent, route=route, value=answer(200, {}))
    other = case | {"inputs": {**sent, "option:quick": False}, "value": answer(404, {})}
    end = recorded("app", "close", inputs={"option:quick": True}, value=NOTHING)
    text = rendered(model(application=application), [case, other, end])
    assert "const usualOptions: Anything = { quick: true };" in text
    assert "await build({ logger: quietLogger, ...options } as Anything);" in text
    assert "await build({ logger: quietLogger, ...usualOptions } as Anything);" in text
    assert "await send({ method: 'GET', url: '/' });" in text
    assert "await send({ method: 'GET', url: '/' }, undefined, { quick: false });" in text
    assert "const quietLogger: Anything = { level: 'silent', child: () => quietLogger };" in text


def test_an_application_is_loaded_under_its_environment() -> None:
    environments = [{"file": "src/env.ts", "names": ["PORT", "HOST"]}, {"file": "src/log.ts", "names": ["LEVEL"]}]
    application = {"name": "build", "params": [], "signer": None, "environments": environments}
    case = recorded("app", "close", value=NOTHING)
    text = rendered(model(application={**application, "environment": {"PORT": "100"}}), [case])
    assert "jest.mock('../env', () => {\n  Object.assign(process.env, { PORT: '100' });\n" in text
    assert "../log" not in text
    assert "process.env" not in rendered(model(application=application), [case])


def test_a_call_that_ends_the_process_is_told_with_what() -> None:
    error = {"name": "Error", "message": "process.exit(3)", "props": {}}
    case = plain_call("stop", choices=[]) | {"error": error}
    text = rendered(model(), [case])
    assert "jest.spyOn(process, 'exit').mockImplementation((code) => {" in text
    assert "it('exits with 3', () => {" in text
    assert "spyOn(process" not in rendered(model(), [plain_call("stop")])


def test_a_plugin_that_answers_errors_is_mounted_before_something_fails() -> None:
    hook = {"name": "default", "acts": "answers", "maker": None}
    inputs = {"request": {"method": "GET", "url": "/"}, "error": {"$error": {"message": "it broke", "props": {}}}}
    case = recorded("hook", "default", hook=hook, inputs=inputs, value=answer(500, {"stack": {"$text": True}}))
    text = rendered(model(fastify=server(hooks=[hook])), [case, {**case, "fn": "answer", "hook": hook}])
    assert "import plugin from '../shop';\nimport { answer } from '../shop';" in text
    assert "describe('plugin', () => {" in text
    sent = "{ method: 'GET', url: '/' }, undefined, { error: new Error('it broke') }"
    assert f"await pass((app) => app.register(plugin), {sent});" in text
    assert "toEqual({ stack: expect.any(String) });" in text


def test_what_a_module_exports_without_a_name_is_imported_as_its_default() -> None:
    text = rendered(model(main="shop"), [plain_call("shop"), plain_call("close"), plain_call("shop.open")])
    assert "import shop, { close } from '../shop';" in text
    assert "expect(shop.open()).toBe(1);" in text
    loading = {"names": [], "readsEnvironment": False, "callsOut": True, **QUIET}
    text = rendered(model(main="shop", loading=loading), [plain_call("shop", choices=[])])
    assert "const { default: shop } = load();" in text
    application = {"name": "build", "params": [], "signer": None}
    text = rendered(model(main="build", application=application), [recorded("app", "close", value=NOTHING)])
    assert "import { default as build } from '../shop';" in text


def test_a_handler_is_mounted_where_its_parameters_are_and_sent_what_it_reads() -> None:
    hook = {"name": "show", "acts": "handler", "maker": None, "path": "/:id"}
    inputs = {"request": {"method": "POST", "url": "/bike-1", "payload": {"size": 1}}}
    text = rendered(
        model(fastify=server(hooks=[hook])), [recorded("hook", "show", hook=hook, inputs=inputs, value=answer(200, {}))]
    )
    sent = "{ method: 'POST', url: '/bike-1', payload: { size: 1 } }"
    assert f"await pass((app) => app.all('/:id', show), {sent});" in text
