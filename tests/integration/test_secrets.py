"""The value of a secret is in no output, no journal, no log and no report; pre-images are exempt."""

from __future__ import annotations

from pathlib import Path

from tests.support.project import PLANS, STATE, Site, ask, generate, sample_site, shell

SECRET = "s3cr3t-t0k3n/with+signs"


def prepare(site: Site) -> None:
    site.write("templates/page.txt.j2", "token: {{ variables.token }}\n")
    site.plan(
        shell(
            "1",
            'echo "it is $TOKEN"; printf %s "$TOKEN" | cut -c1-9 | tr -d "\\n"; echo "${TOKEN#?????????}"',
        ),
        shell("2", 'echo "$TOKEN" >&2; exit 3', continue_on_error=True, retry={"attempts": 2, "delay": 0.01}),
        shell("3", ["sh", "-c", "exit 3", "{{ variables.token }}"], continue_on_error=True),
        generate("4", "page.txt", "page.txt", description="For {{ variables.token }}"),
        ask("5", name="Use {{ variables.token }}", description="Type {{ variables.token }}"),
        shell("6", ["sh", "-c", "exit 1", "{{ variables.token }}"], name="Fail with {{ variables.token }}"),
        secrets=["TOKEN"],
        variables={"token": "${TOKEN}"},
        execution="parallel",
    )


def assert_hidden(site: Site, *outputs: str) -> None:
    for output in outputs:
        assert SECRET not in output, output
    hidden = SECRET.encode()
    for path in (site.root / STATE).rglob("*"):
        if path.is_file() and "objects" not in path.parts:
            assert hidden not in path.read_bytes(), path


def test_no_command_shows_a_secret(site: Site) -> None:
    prepare(site)
    looks = [
        ["plan", "--diff"],
        ["plan", "--json", "--diff"],
        ["plan", "--graph", "mermaid"],
        ["run", "--yes", "--verbose", "--junit", "report.xml"],
        ["run", "--yes", "--json"],
        ["reject", "5", "--comment", SECRET],
        ["run", "--yes", "--verbose"],
        ["status"],
        ["status", "--json"],
        ["explain", "5"],
        ["logs", "2"],
    ]
    said = []
    for look in looks:
        ended = site.orchestrate(*look, TOKEN=SECRET)
        assert ended.code in (0, 1, 4), (look, ended)
        said += [ended.out, ended.err]
    assert_hidden(site, *said, site.read("report.xml"))
    assert "it is ***" in site.orchestrate("logs", "1", TOKEN=SECRET).out
    assert site.read("page.txt") == f"token: {SECRET}\n"  # the work itself is not touched


def test_the_token_that_the_core_plan_prints_is_masked(tmp_path: Path) -> None:
    site = sample_site(tmp_path)
    site.options = ["--config", str(PLANS / "core.yaml"), "--project", "."]
    ended = site.orchestrate("run", "--yes", "--verbose", "--task", "3.1", "--no-deps", DEPLOY_TOKEN=SECRET)
    assert ended.code in (0, 1), ended
    assert_hidden(site, ended.out, ended.err)
    assert "token: ***" in ended.out
