from __future__ import annotations

from orchestrator.generation.typescript.foreseen import foresee

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
