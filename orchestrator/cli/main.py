"""Where the command `orchestrate` begins and ends. What there is to ask for is in `orchestrate`."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable

from orchestrator.errors import OrchestratorError


def main() -> None:
    """Run the command line."""
    guard(_orchestrate)


def guard(command: Callable[[], None]) -> None:
    """Run a command; the one place where errors become text and exit codes."""
    gc.disable()  # modules and plans are many objects that live as long as the command; `run` collects again
    try:
        command()
    except OrchestratorError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(error.exit_code) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(1) from None
    except Exception as error:  # noqa: BLE001  # boundary: our bug
        raise SystemExit(_report_bug(error)) from None


def _orchestrate() -> None:
    # Here, so that nothing is collected meanwhile, and a failure is reported like any other.
    from orchestrator.cli.orchestrate import app

    app()


def _report_bug(error: Exception) -> int:
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="orchestrate-", suffix=".log", delete=False) as file:
        traceback.print_exception(error, file=file)
    sys.stderr.write(
        f"error[bug]: {type(error).__name__}: {error}\n  hint: this is our fault; the details are in {file.name}\n"
    )
    return 3


if __name__ == "__main__":
    main()
