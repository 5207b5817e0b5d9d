"""The steps of `.ci/run` by name, and the long tests. `setup.sh` makes the environment they share."""

import nox

nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "types", "tests"]


@nox.session
def lint(session: nox.Session) -> None:
    """Style, format and who may import whom."""
    session.run(".ci/run", "lint", "contracts", "schema", external=True)


@nox.session
def types(session: nox.Session) -> None:
    """mypy --strict."""
    session.run(".ci/run", "types", external=True)


@nox.session
def tests(session: nox.Session) -> None:
    """The tests, with pytest's options after `--`."""
    session.run("./setup.sh", "test", *session.posargs, external=True)


@nox.session
def full(session: nox.Session) -> None:
    """Everything: the long tests too, with many examples, and the benchmarks."""
    session.run(".ci/run", "lint", "types", "contracts", "schema", "sample", external=True)
    nightly = ("-n", "2", "--dist", "worksteal", "-m", "long or not long", "--hypothesis-profile", "nightly")
    session.run("./setup.sh", "test", *nightly, external=True)
    for bench in ("bench", "scenarios"):
        session.run(".venv/bin/python", f"benchmarks/{bench}.py", external=True)
