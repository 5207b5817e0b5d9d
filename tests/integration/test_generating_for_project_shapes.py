"""Projects that differ in how they are compiled: each gets a file that its own Jest runs, or a clear refusal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from orchestrator.generation.typescript.worker import HERE

pytestmark = pytest.mark.long

PACKAGES = (
    "jest@30 typescript@5 ts-jest@29 @types/jest@30 @types/node@20 @types/express@5 "
    "fastify@5 fastify-plugin@5 light-my-request@6.6.0 "
    "@babel/core@7 @babel/preset-env@7 "
    "@babel/preset-typescript@7 @swc/core@1 @swc/jest@0.2"
)
STORE = """import { readFile } from 'node:fs/promises';

export async function load(name: string): Promise<{ left: number } | undefined> {
  return JSON.parse(await readFile(name, 'utf8'));
}
"""
STOCK = """import { load } from './store';

export function price(size: 'small' | 'large', count: number): number {
  if (count > 10) return size === 'large' ? 90 : 45;
  return size === 'large' ? 100 : 50;
}

export async function isLeft(name: string): Promise<boolean> {
  const found = await load(name);
  if (!found) throw new Error(`there is no ${name}`);
  return found.left > 0;
}
"""
PLAIN = STOCK.replace(": 'small' | 'large'", "").replace(": number", "").replace(": string", "")
PLAIN = PLAIN.replace(": Promise<boolean>", "")
PLAIN_STORE = STORE.replace(": string", "").replace(": Promise<{ left: number } | undefined>", "")
NATIVE = PLAIN.replace("'./store'", "'./store.js'")
COMMON_STORE = """const fs = require('fs');

exports.load = async (name) => JSON.parse(await fs.promises.readFile(name, 'utf8'));
"""
COMMON = PLAIN.replace("import { load } from", "const { load } = require(").replace("store';", "store');")
COMMON = COMMON.replace("export ", "") + "\nmodule.exports = { price, isLeft };\n"
WHOLE = """const load = require('./load');

/** @param {string} name */
module.exports = async function label(name) {
  if (!name) throw new TypeError('a label needs a name');
  return `${await load(name)} of ${name}`;
};
module.exports.short = (name) => name.slice(0, 3);
"""
WHOLE_LOAD = """const { createClient } = require('./client');

module.exports = async (name) => createClient().read(name);
"""
GUARD = """const { load } = require('./store');

exports.show = async (req, res, next) => {
  try {
    const found = await load(req.params.name);
    if (!found) return res.status(404).json({ error: 'there is none' });
    res.json(found);
  } catch (error) {
    next(error);
  }
};
"""
CLIENT = """const http = require('http');

exports.createClient = () => ({ read: async (name) => http.get(name) });
"""
PLUGIN = """import type { FastifyInstance } from 'fastify';
const fp = require('fastify-plugin');

async function clock(app: FastifyInstance, options: { zone: string; enabled: boolean }): Promise<void> {
  if (!options.enabled) return;
  app.decorate('zone', () => options.zone.toUpperCase());
}

export const Clock = fp(clock, { name: 'Clock' });
"""
HELPERS = """import type { Request, Response } from 'express';

export const nameOf = (req: Request): string => String(req.query.name ?? 'all');

export function send(res: Response, status: number, data: unknown): void {
  res.status(status).json({ data });
}
"""
HANDLERS = """import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { nameOf, send } from './helpers';
import { load } from './store';

interface Known extends Request {
  user?: { name: string };
}

export const guard = (req: Request, res: Response, next: NextFunction) => {
  if (!req.headers.authorization) return res.status(401).json({ error: 'who is it?' });
  res.setHeader('X-Seen', 'yes');
  next();
};

export const allow = (...roles: string[]) => (req: Request, _res: Response, next: NextFunction) =>
  roles.includes(req.body.role) ? next() : next(new Error('not allowed'));

export class Shelf {
  constructor(private readonly size: number) {}

  list = (req: Request, res: Response) => {
    res.json({ page: req.query.page ?? 1, size: this.size });
  };

  public mine: RequestHandler = async (req: Known, res: Response) => {
    if (!req.user) return send(res, 401, null);
    send(res, 200, await load(`${req.user.name}/${nameOf(req)}`));
  };

  async show(req: Request, res: Response, next: NextFunction): Promise<void> {
    try {
      const found = await load(String(req.params.name));
      res.status(found ? 200 : 404).json(found);
    } catch (error) {
      next(error);
    }
  }
}

export function addressOf(req: Request): string {
  return req.ip ?? 'nowhere';
}
"""
COMPILER = {"target": "ES2022", "module": "CommonJS", "strict": True, "skipLibCheck": True, "types": ["jest", "node"]}
BABEL = ["@babel/preset-env", {"targets": {"node": "current"}}]
FORGETFUL = {"preset": "ts-jest", "resetMocks": True, "restoreMocks": True, "resetModules": True}
SWC = {"transform": {"^.+\\.ts$": "@swc/jest"}}
ESM = {"preset": "ts-jest/presets/default-esm"}


MARKS = """import { createServer } from 'node:http';

export const server = createServer();

export function marked<T>(kind: T): T {
  return kind;
}
"""
ALARM = """import { resolve } from 'node:path';
import { marked } from './marks';

export class NoAlarm extends Error {
  constructor(readonly minutes: number, message: string) {
    if (minutes < 0) throw new RangeError('less than none');
    super(message);
  }
}

@marked
export class Alarm {
  begin(minutes: number): string {
    setInterval(() => { throw new Error('it rings'); }, minutes);
    return resolve(__dirname, 'bell');
  }
}
"""
LINE = """import { createConnection } from 'node:net';

export interface Line {
  send(text: string): Promise<number>;
  close(): void;
}

export function connect(port: number): Line {
  const socket = createConnection(port);
  return { send: async (text) => Number(socket.write(text)), close: () => void socket.end() };
}
"""
MAIN = """import { connect } from './client';

async function main() {
  const line = connect(4000);
  process.on('SIGTERM', () => line.close());
  try {
    await line.send('hello');
  } catch {
    process.exit(1);
  }
}

main();
"""
CHECKED = {
    "checks.ts": """export const checks = ({ schema }: { schema: unknown }) => (data: unknown) =>
  (schema as { has: string }).has in Object(data) ? { value: data } : { error: new Error('it lacks something') };
""",
    "app.ts": """import { fastify } from 'fastify';
import { checks } from './checks';
import { shop } from './shop';

export const app = fastify();
app.setValidatorCompiler(checks);
app.register(shop);
""",
    "shop.ts": """import type { FastifyInstance } from 'fastify';

export async function shop(app: FastifyInstance) {
  app.post('/orders', { schema: { body: { has: 'size' } } }, async () => ({ done: true }));
}
""",
}
STRICT = {
    "env.ts": """function needed(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

export const port = Number(needed('SHOP_PORT'));
if (!Number.isInteger(port)) throw new Error('SHOP_PORT is no number');
export const url = new URL(needed('SHOP_URL'));
export const level = process.env.SHOP_LEVEL ?? 'info';
""",
    "app.ts": """import { fastify } from 'fastify';
import { level, port, url } from './env';

export function buildApp() {
  const app = fastify();
  app.get('/where', async () => ({ port, host: url.host, level }));
  return app;
}
""",
}
ANSWERS = """import type { FastifyError, FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';

export default fp(async function errors(app: FastifyInstance) {
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    if (error.validation) return reply.status(422).send({ fields: error.validation.length });
    return reply.status(error.statusCode ?? 500).send({ message: error.message, stack: error.stack });
  });
});
"""
CONTROLLER = """import type { FastifyReply, FastifyRequest } from 'fastify';

type Renaming = FastifyRequest<{ Params: { id: string }; Body: { name: string }; Querystring: { loud?: string } }>;

export async function rename(request: Renaming, reply: FastifyReply) {
  const { name } = request.body;
  if (name.length < 3) return reply.code(422).send({ error: 'too short' });
  return reply.send({ id: request.params.id, name: request.query.loud ? name.toUpperCase() : name });
}
"""


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("packages")
    (place / "package.json").write_text("{}")
    argv = ["npm", "install", "--no-audit", "--no-fund", *PACKAGES.split()]
    subprocess.run(argv, cwd=place, check=True, capture_output=True)
    return place / "node_modules"


@pytest.fixture
def project(tmp_path: Path, packages: Path) -> Path:
    (tmp_path / "node_modules").symlink_to(packages)
    (tmp_path / "src").mkdir()
    (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": COMPILER}))
    return tmp_path


def lay(project: Path, sources: dict[str, str], jest: Any, babel: Any, **package: Any) -> None:
    for name, text in sources.items():
        (project / "src" / name).write_text(text)
    (project / "package.json").write_text(json.dumps({"name": "shape", "jest": jest, **package}))
    if babel:
        (project / "babel.config.json").write_text(json.dumps({"presets": babel}))


def generate(project: Path, target: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "orchestrator.cli.main", "generate", "tests", target]
    return subprocess.run(argv, cwd=project, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("suffix", "jest", "babel"),
    [
        pytest.param("ts", FORGETFUL, None, id="mocks that are reset"),
        pytest.param("ts", {}, [BABEL, "@babel/preset-typescript"], id="babel"),
        pytest.param("ts", SWC, None, id="swc"),
        pytest.param("js", {}, [BABEL], id="JavaScript"),
    ],
)
def test_a_project_gets_tests_that_its_own_jest_runs(project: Path, suffix: str, jest: Any, babel: Any) -> None:
    texts = (STORE, STOCK) if suffix == "ts" else (PLAIN_STORE, PLAIN)
    lay(project, dict(zip((f"store.{suffix}", f"stock.{suffix}"), texts, strict=True)), jest, babel)
    done = generate(project, f"src/stock.{suffix}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "100 % of functions" in done.stdout
    argv = ["node", "node_modules/jest/bin/jest.js", "--ci"]
    run = subprocess.run(argv, cwd=project, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "1 passed, 1 total" in run.stderr


def test_errors_are_made_timers_end_decorators_stay_and_no_test_knows_where_it_is(project: Path) -> None:
    options = {**COMPILER, "experimentalDecorators": True}
    (project / "tsconfig.json").write_text(json.dumps({"compilerOptions": options}))
    lay(project, {"marks.ts": MARKS, "alarm.ts": ALARM}, {"preset": "ts-jest"}, None)
    done = generate(project, "src/alarm.ts")
    assert done.returncode == 0, done.stdout + done.stderr
    text = (project / "src" / "__tests__" / "alarm.test.ts").read_text()
    assert "toThrow(expect.objectContaining({ name: 'RangeError', message: 'less than none' }))" in text
    assert "expect(made).toBeInstanceOf(Error);" in text
    assert ".toBe(`${projectRoot}/src/bell`)" in text
    assert str(project) not in text


def test_a_plugin_is_seen_through_a_wrapper_without_types(project: Path) -> None:
    lay(project, {"clock.ts": PLUGIN}, {"preset": "ts-jest"}, None)
    done = generate(project, "src/clock.ts")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "100 % of lines, 100 % of branches" in done.stdout
    assert "app.register(Clock" in (project / "src" / "__tests__" / "clock.test.ts").read_text()


def test_a_function_is_called_under_each_environment_that_it_reads(project: Path) -> None:
    text = """export function stageOf(name: string): string {
  switch ((process.env.APP_ENV || 'development').toLowerCase()) {
    case 'production':
      return `prod-${name}`;
    default:
      return name;
  }
}
"""
    lay(project, {"stage.ts": text}, {"preset": "ts-jest"}, None)
    done = generate(project, "src/stage.ts")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "100 % of lines, 100 % of branches" in done.stdout
    tests = (project / "src" / "__tests__" / "stage.test.ts").read_text()
    assert "process.env = { ...realEnvironment, APP_ENV: 'production' };" in tests
    assert 'when APP_ENV is "production"' in tests


def test_what_never_answers_is_given_up_and_what_asks_a_service_is_replaced(project: Path, packages: Path) -> None:
    (project / "node_modules").unlink()
    (project / "node_modules").mkdir()
    for one in packages.iterdir():
        (project / "node_modules" / one.name).symlink_to(one)
    ledger = project / "node_modules" / "ledger"
    ledger.mkdir()
    (ledger / "package.json").write_text(json.dumps({"name": "ledger", "dependencies": {"pg": "8"}}))
    (ledger / "index.js").write_text("exports.total = () => { throw new Error('asked for real'); };\n")
    (ledger / "index.d.ts").write_text("export function total(name: string): Promise<number>;\n")
    text = """import { total } from 'ledger';

export const never = (name: string): Promise<string> => new Promise(() => name);

export async function isRich(name: string): Promise<boolean> {
  try {
    return (await total(name)) > 1;
  } catch (error) {
    (error as Error).message = `no total: ${(error as Error).message}`;
    throw error;
  }
}
"""
    lay(project, {"rich.ts": text}, {"preset": "ts-jest"}, None)
    done = generate(project, "src/rich.ts")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 search: waits for ever" in done.stderr
    tests = (project / "src" / "__tests__" / "rich.test.ts").read_text()
    assert "[\"total('Night Owls')\", new Error('connection lost')]" in tests
    assert "message: 'no total: connection lost'" in tests


def test_a_module_of_which_loading_shows_nothing_gets_no_test_without_an_expectation(project: Path) -> None:
    text = "export function label(name: string): string {\n  return process.env.SHORT ? name[0] : name;\n}\n"
    lay(project, {"label.ts": text}, {"preset": "ts-jest"}, None)
    done = generate(project, "src/label.ts")
    assert done.returncode == 0, done.stdout + done.stderr
    tests = (project / "src" / "__tests__" / "label.test.ts").read_text()
    assert tests.count("it(") + tests.count("it.each(") <= tests.count("expect(")


def test_an_array_that_is_only_looped_over_is_given_as_an_array(project: Path) -> None:
    text = """export function shares(rows: { name: string; size: number }[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const row of rows) found[row.name] = row.size > 9 ? 9 : row.size;
  return found;
}
"""
    lay(project, {"shares.ts": text}, {"preset": "ts-jest"}, None)
    done = generate(project, "src/shares.ts")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "shares([" in (project / "src" / "__tests__" / "shares.test.ts").read_text()


def test_handlers_of_express_in_typescript_are_called_with_a_response_and_a_next(project: Path) -> None:
    sources = {"store.ts": STORE, "helpers.ts": HELPERS, "handlers.ts": HANDLERS}
    lay(project, sources, {"preset": "ts-jest"}, None)
    done = generate(project, "src/handlers.ts")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "100 % of lines, 100 % of branches, 100 % of functions" in done.stdout
    text = (project / "src" / "__tests__" / "handlers.test.ts").read_text()
    for call in (
        "guard({ headers: { authorization: '' } } as Anything, res, next)",
        "allow('member')({ body: { role: 'member' } } as Anything, {} as Anything, next)",
        "service.list({ query: {} } as Anything, res)",
        "service.mine({} as Anything, res, {} as Anything)",
        "service.show({ params: { name: 'Night Owls' } } as Anything, res, next)",
        "expect(addressOf({} as Anything)).toBe('nowhere')",
    ):
        assert call in text, text


@pytest.mark.parametrize(
    ("sources", "jest", "said"),
    [
        pytest.param({"store.js": COMMON_STORE, "stock.js": COMMON}, {}, "100 % of functions", id="an object"),
        pytest.param(
            {"client.js": CLIENT, "load.js": WHOLE_LOAD, "label.js": WHOLE}, {}, "100 % of branches", id="a function"
        ),
        pytest.param({"store.js": COMMON_STORE, "guard.js": GUARD}, {}, "100 % of branches", id="handlers of Express"),
        pytest.param({"store.js": COMMON_STORE}, {"transform": {}}, "100 % of functions", id="nothing hoists"),
    ],
)
def test_a_module_of_commonjs_gets_tests_that_require_it(project: Path, sources: Any, jest: Any, said: str) -> None:
    lay(project, sources, jest, None)
    name = list(sources)[-1]
    done = generate(project, f"src/{name}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert said in done.stdout
    text = (project / "src" / "__tests__" / name.replace(".js", ".test.js")).read_text()
    assert f"require('../{name.removesuffix('.js')}');" in text
    assert "import " not in text
    argv = ["node", "node_modules/jest/bin/jest.js", "--ci"]
    run = subprocess.run(argv, cwd=project, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize(
    ("sources", "jest", "line"),
    [
        pytest.param(
            {"store.js": PLAIN_STORE, "stock.js": NATIVE}, {"transform": {}}, "await import('../stock.js')", id="plain"
        ),
        pytest.param({"store.ts": STORE, "stock.ts": STOCK}, ESM, "await import('../stock')", id="ts-jest"),
    ],
)
def test_a_native_es_module_gets_tests_that_await_it(project: Path, sources: Any, jest: Any, line: str) -> None:
    lay(project, sources, jest, None, type="module")
    options = {**COMPILER, "module": "ESNext", "moduleResolution": "bundler"}
    (project / "tsconfig.json").write_text(json.dumps({"compilerOptions": options}))
    name = list(sources)[-1]
    done = generate(project, f"src/{name}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "100 % of functions" in done.stdout
    text = (project / "src" / "__tests__" / name.replace("stock.", "stock.test.")).read_text()
    assert line in text
    assert "jest.unstable_mockModule('../store" in text
    argv = ["node", "--experimental-vm-modules", "node_modules/jest/bin/jest.js", "--ci"]
    run = subprocess.run(argv, cwd=project, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_a_module_of_data_and_one_that_passes_it_on_are_compared_with_what_they_export(project: Path) -> None:
    sizes = "export const sizes = { small: 1, large: 2 } as const;\nexport type Size = keyof typeof sizes;\n"
    passed = "export * from './sizes';\nexport * as stock from './stock';\nexport type { Size } from './sizes';\n"
    sources = {"sizes.ts": sizes, "store.ts": STORE, "stock.ts": STOCK, "index.ts": passed}
    lay(project, sources, {"preset": "ts-jest"}, None)
    for name, wanted in [("sizes", "sizes: { small: 1, large: 2 }"), ("index", "isLeft: expect.any(Function)")]:
        done = generate(project, f"src/{name}.ts")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "100 % of lines" in done.stdout
        assert wanted in (project / "src" / "__tests__" / f"{name}.test.ts").read_text()


def test_what_begins_when_it_is_loaded_and_goes_on_is_waited_for(project: Path) -> None:
    lay(project, {"client.ts": LINE, "main.ts": MAIN}, {"preset": "ts-jest"}, None)
    done = generate(project, "src/main.ts")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "100 % of lines" in done.stdout
    text = (project / "src" / "__tests__" / "main.test.ts").read_text()
    assert "['connect().send(\\'hello\\')'" in text or "[\"connect().send('hello')\"" in text
    assert "process.exit(1)" in text


def test_routes_are_checked_by_what_the_project_hands_to_its_server(project: Path) -> None:
    lay(project, CHECKED, {"preset": "ts-jest"}, None)
    done = generate(project, "src/shop.ts")
    assert done.returncode == 0, done.stdout + done.stderr
    text = (project / "src" / "__tests__" / "shop.test.ts").read_text()
    assert "app.setValidatorCompiler(checks);" in text
    assert "it lacks something" in text


def test_an_application_is_loaded_under_an_environment_that_its_own_check_lets_pass(project: Path) -> None:
    lay(project, STRICT, {"preset": "ts-jest"}, None)
    done = generate(project, "src/app.ts")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "100 % of lines" in done.stdout
    text = (project / "src" / "__tests__" / "app.test.ts").read_text()
    assert "Object.assign(process.env, { SHOP_PORT: '100', SHOP_URL: 'http://service.test' });" in text
    assert "SHOP_LEVEL" not in text


def test_an_application_that_the_project_s_own_set_up_gives_its_environment_needs_no_other(project: Path) -> None:
    lay(project, STRICT, {"preset": "ts-jest", "setupFiles": ["<rootDir>/src/given.ts"]}, None)
    given = "process.env.SHOP_PORT ??= '8080';\nprocess.env.SHOP_URL ??= 'http://shop.test';\n"
    (project / "src" / "given.ts").write_text(given)
    done = generate(project, "src/app.ts")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "process.env" not in (project / "src" / "__tests__" / "app.test.ts").read_text()


def test_a_plugin_that_answers_errors_is_asked_while_something_fails(project: Path) -> None:
    lay(project, {"errors.ts": ANSWERS}, {"preset": "ts-jest"}, None)
    done = generate(project, "src/errors.ts")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "100 % of lines, 100 % of branches" in done.stdout
    text = (project / "src" / "__tests__" / "errors.test.ts").read_text()
    assert "stack: expect.any(String)" in text


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("export default function half(n: number) { return n < 0 ? 0 : n / 2; }", "import half from"),
        ("export default (n: number) => (n < 0 ? 0 : n / 2);", "import stockRoom from"),
        (
            "const half = (n: number) => n / 2;\nexport default half;\nexport const two = () => 2;",
            "import half, { two }",
        ),
        ("export default { half: (n: number) => (n < 0 ? 0 : n / 2) };", "expect(stockRoom.half(n))"),
        ("export default class Half { of(n: number) { return n < 0 ? 0 : n / 2; } }", "new Half()"),
    ],
)
def test_what_is_exported_without_a_name_is_tested_as_any_other(project: Path, source: str, line: str) -> None:
    lay(project, {"stock-room.ts": source}, {"preset": "ts-jest"}, None)
    done = generate(project, "src/stock-room.ts")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "100 % of lines, 100 % of branches, 100 % of functions" in done.stdout
    assert line in (project / "src" / "__tests__" / "stock-room.test.ts").read_text()


def test_a_handler_is_sent_what_its_type_says_that_it_reads(project: Path) -> None:
    lay(project, {"controller.ts": CONTROLLER}, {"preset": "ts-jest"}, None)
    done = generate(project, "src/controller.ts")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "100 % of lines, 100 % of branches" in done.stdout
    text = (project / "src" / "__tests__" / "controller.test.ts").read_text()
    assert "app.all('/:id', rename)" in text


def test_what_is_not_covered_is_refused_and_leaves_nothing(project: Path) -> None:
    sources = {"url.js": "export const url = process.env.SHOP_URL ?? 'http://localhost';\n"}
    lay(project, sources, {"transform": {}}, None, type="module")
    done = generate(project, "src/url.js")
    assert done.returncode != 0
    assert "in which no copy of a module can be loaded" in " ".join((done.stdout + done.stderr).split())
    assert {path.name for path in (project / "src").iterdir()} == set(sources)


def test_where_the_transform_checks_nothing_the_compiler_does(project: Path) -> None:
    bad = project / "src" / "bad.test.ts"
    bad.write_text("it('is one', () => {\n  const n: number = 'text';\n  expect(n).toBe(1);\n});\n")
    script = f"require('{HERE}/texts.cjs').complaints('{project}', '{bad}')"
    argv = ["node", "-p", f"JSON.stringify({script})"]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, env={"PATH": os.environ["PATH"]})
    (said,) = json.loads(done.stdout)
    assert said.startswith("bad.test.ts:2:9 - error TS2322:")
