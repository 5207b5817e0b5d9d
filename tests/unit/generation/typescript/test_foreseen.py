from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.generation.typescript.foreseen import foresee
from orchestrator.generation.typescript.graphql import schema_in
from orchestrator.workspace import Workspace

SERVICE = """
export class Shop {
  constructor(private readonly db: Db) {}
  async buy(id: string) {
    if (!id) throw new Error('no');
    return this.items.map((one) => one.price ?? 0);
  }
  private hidden() {}
}
export const double = (n: number) => n * 2;
export function sign(n: number) { return n < 0 ? -1 : 1; }
function inner() {}
"""


def test_functions_and_public_methods_that_are_exported_will_be_tested() -> None:
    assert foresee(SERVICE).functions == ("buy", "double", "sign")


def test_each_way_to_turn_needs_a_case_more() -> None:
    assert foresee(SERVICE).cases == 3 + 3


def test_nothing_is_foreseen_for_a_file_without_functions() -> None:
    assert foresee("export type Id = string;\nconst a = b ? 1 : 2;\n") == ((), 0)


def test_a_route_is_foreseen_with_the_ways_it_can_be_asked() -> None:
    plugin = "const routes = async (app) => { app.get('/a', one); app.post('/b', two); map.get('c'); };\n"
    assert foresee(plugin + "export default routes;\n") == (("GET /a", "POST /b"), 8)


def test_what_a_module_makes_when_it_is_loaded_is_foreseen() -> None:
    assert foresee("export const client = new Client(process.env.URL ?? 'x');\n") == (("loading",), 2)


@pytest.mark.parametrize(
    "text",
    [
        "const buy = (id) => id;\nfunction sell(id) { return id; }\nmodule.exports = { buy, sell };\n",
        "exports.buy = (id) => id;\nmodule.exports.sell = function (id) { return id; };\n",
    ],
)
def test_functions_of_a_commonjs_module_are_foreseen(text: str) -> None:
    assert foresee(text) == (("buy", "sell"), 2)


SDL = """export const typeDefs = /* GraphQL */ `
  type Shop { id: ID! }
  type Query {
    shop(id: ID!): Shop
    shops: [Shop!]!
  }
  type Mutation {
    open(id: ID!): Shop!
  }
`;
"""


def test_operations_are_foreseen_from_type_definitions() -> None:
    assert foresee(SDL) == (("query shop", "query shops", "mutation open"), 12)


def test_functions_of_an_exported_object_are_foreseen() -> None:
    text = "export const resolvers = { Query: { shop: (_root, { id }) => find(id), async all() { return []; } } };\n"
    assert foresee(text).functions == ("shop", "all")


@pytest.mark.parametrize(
    ("files", "modules"),
    [
        ({"a.ts": "export const a = 1;", "z.ts": SDL}, ("src/z.ts", "src/a.ts")),
        ({"a.ts": SDL, "z.ts": "export const schema = makeExecutableSchema({ typeDefs });"}, ("src/z.ts", "src/a.ts")),
        ({"a.ts": SDL, "__tests__/a.test.ts": SDL, "a.d.ts": SDL, "a.graphql": SDL}, ("src/a.ts",)),
        ({"a.ts": "export const a = 1;"}, ()),
    ],
)
def test_the_modules_of_a_schema_begin_with_the_one_that_has_it(
    tmp_path: Path, files: dict[str, str], modules: tuple[str, ...]
) -> None:
    for name, text in files.items():
        place = tmp_path / "src" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    assert schema_in("src/", Workspace(tmp_path)) == modules
