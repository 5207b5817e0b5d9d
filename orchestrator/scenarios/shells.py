"""Shell integration: marks around prompts and commands that a terminal understands (OSC 133).

The marks give exactly what a command printed and the status it ended with. They are brought in from outside, through
the environment; the user's own settings stay as they are. Nothing here runs a shell.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

Shell = Literal["bash", "zsh", "fish"]
SHELLS: Final[tuple[Shell, ...]] = ("bash", "zsh", "fish")

_WITHOUT_SETTINGS: Final = {"zsh": ("-f", "--no-rcs"), "fish": ("-N", "--no-config")}
"""Options with which a shell reads nothing that could bring the marks."""

# A: a prompt begins; B: it ends and a command is typed; C: the command runs; D: it has ended with this status; P: the
# command goes on in another line.
# In zsh the mark of an unfinished line comes before any function of ours, so the D stands in it too.
_BASH: Final = (
    r"""printf '\033]133;D;%s\007\033]133;A\007' "$?"; PS0='\e]133;C\a'; """
    r"""case $PS1 in *'133;B'*) ;; *) PS1=$PS1'\[\e]133;B\a\]';; esac; """
    r"""case $PS2 in *'133;P'*) ;; *) PS2=$PS2'\[\e]133;P;k=s\a\]';; esac"""
)
_ZSH: Final = r"""
_orchestrate_precmd() { printf '\033]133;D;%s\007\033]133;A\007' "$?"; case $PS1 in *'133;B'*) ;; *) PS1=$PS1$'%{\e]133;B\a%}';; esac; case $PS2 in *'133;P'*) ;; *) PS2=$PS2$'%{\e]133;P;k=s\a%}';; esac }
_orchestrate_preexec() { printf '\033]133;C\007' }
PROMPT_EOL_MARK=$'%{\e]133;D;%?\a%}'${PROMPT_EOL_MARK-%B%S%#%s%b}
autoload -Uz add-zsh-hook && add-zsh-hook precmd _orchestrate_precmd && add-zsh-hook preexec _orchestrate_preexec
"""  # noqa: E501  # one function, one line
_FISH: Final = r"""
function _orchestrate_prompt --on-event fish_prompt; printf '\033]133;A\007\033]133;B\007'; end
function _orchestrate_begin --on-event fish_preexec; printf '\033]133;C\007'; end
function _orchestrate_end --on-event fish_postexec; printf '\033]133;D;%s\007' $status; end
"""


def shell_of(argv: Sequence[str]) -> Shell | None:
    """Return which shell is run interactively, None if none is whose marks we know."""
    name = os.path.basename(argv[0]) if argv else ""
    found = next((shell for shell in SHELLS if name == shell), None)
    if any(word in _WITHOUT_SETTINGS.get(name, ()) for word in argv[1:]):
        return None
    operands = [word for word in argv[1:] if not word.startswith("-")]
    is_interactive = not operands and not any(word.startswith("-") and "c" in word.lstrip("-")[:2] for word in argv[1:])
    return found if found and (is_interactive or "-i" in argv) else None


def integrate(shell: Shell, environ: Mapping[str, str], directory: Path) -> dict[str, str]:
    """Return the environment variables that bring the marks into a shell; `directory` is for what it reads."""
    match shell:
        case "bash":
            return {"PROMPT_COMMAND": _BASH}
        case "zsh":
            return {"ZDOTDIR": _written(directory / "zsh", ".zshrc", _zshrc(environ))}
        case "fish":
            conf = Path(_written(directory / "share" / "fish" / "vendor_conf.d", "orchestrate.fish", _FISH))
            others = environ.get("XDG_DATA_DIRS", "/usr/local/share:/usr/share")
            return {"XDG_DATA_DIRS": f"{conf.parents[1]}:{others}"}


def _zshrc(environ: Mapping[str, str]) -> str:
    home = environ.get("ZDOTDIR", environ.get("HOME", ""))
    return f"ZDOTDIR={home!r}\n[[ -r $ZDOTDIR/.zshrc ]] && source $ZDOTDIR/.zshrc\n{_ZSH}"


def _written(directory: Path, name: str, text: str) -> str:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / name).write_text(text, encoding="utf-8")
    return str(directory)
