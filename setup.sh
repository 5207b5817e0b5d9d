#!/bin/sh
# Sets up the program in .venv, then does what it is asked for:
#
#   ./setup.sh              sets up, nothing more
#   ./setup.sh test ...     runs the tests, with pytest's options
#   ./setup.sh run ...      runs `orchestrate run ...`; so with every other command
#                           (`scenario` sets up what drives terminals, too)
#
# What is set up already stays as it is. PYTHON=... names the Python to use.
set -eu

home=$(cd "$(dirname "$0")" && pwd)
venv=$home/.venv
export UV_COMPILE_BYTECODE=1  # as pip does: nobody should wait for that at each start
export UV_NATIVE_TLS="${UV_NATIVE_TLS:-true}"  # trust what the machine trusts, as pip does

main() {
    case ${1-} in
    '')
        set_up runtime
        echo "ready: ./setup.sh --help shows what there is" ;;
    test)
        shift
        set_up dev
        cd "$home"
        exec "$venv/bin/python" -m pytest "$@" ;;
    scenario)
        set_up scenarios
        exec "$venv/bin/orchestrate" "$@" ;;
    *)
        set_up runtime
        exec "$venv/bin/orchestrate" "$@" ;;
    esac
}

# Installs what requirements/$1.txt pins, unless that has been done. `dev` holds all of `scenarios`, and that of `runtime`.
set_up() {
    if is_ours && made_from "$1" | cmp -s - "$venv/$1.done"; then return; fi
    echo "setting up ($1) ..." >&2
    if ! is_ours || ! can_install; then
        python=$(find_python)
        rm -rf "$venv"
        make_environment "$python"
        echo "$home" > "$venv/home"
    fi
    rm -f "$venv/runtime.done" "$venv/scenarios.done" "$venv/dev.done"
    install --only-binary :all: --require-hashes -r "$home/requirements/$1.txt"
    # The build backend comes from the lock as well: nothing unpinned is fetched to build the project.
    install --no-deps --no-build-isolation -e "$home"
    "$venv/bin/python" -m compileall -q "$home/orchestrator"
    case $1 in
    dev) levels="runtime scenarios dev" ;;
    scenarios) levels="runtime scenarios" ;;
    *) levels=runtime ;;
    esac
    for level in $levels; do made_from "$level" > "$venv/$level.done"; done
}

# An environment knows its own path: one that was moved or copied along does not work.
is_ours() {
    [ -x "$venv/bin/python" ] && echo "$home" | cmp -s - "$venv/home"
}

made_from() {
    cat "$home/pyproject.toml" "$home/requirements/$1.txt"
}

find_python() {
    if [ -n "${PYTHON-}" ]; then set -- "$PYTHON"; else set -- python3 python3.13 python3.12 python3.11; fi
    for name in "$@"; do
        if "$name" -c 'import sys; print(sys.executable) if sys.version_info >= (3, 11) else sys.exit(1)' 2>/dev/null
        then return; fi
    done
    echo "setup.sh: there is no Python 3.11 or newer here (tried $*)" >&2
    echo "  hint: install one, or name it: PYTHON=/path/to/python3 ./setup.sh" >&2
    exit 1
}

make_environment() {
    if command -v uv >/dev/null; then
        uv venv --quiet --python "$1" "$venv"
    elif "$1" -c 'import ensurepip' 2>/dev/null; then
        "$1" -m venv "$venv"
    else
        echo "setup.sh: $1 cannot make virtual environments: it has no ensurepip" >&2
        echo "  hint: install it (Debian and Ubuntu: apt-get install python3-venv), or install uv" >&2
        exit 1
    fi
}

# An environment that uv made has no pip of its own.
can_install() {
    command -v uv >/dev/null || [ -x "$venv/bin/pip" ]
}

install() {
    if command -v uv >/dev/null; then
        uv pip install --quiet --python "$venv/bin/python" "$@"
    else
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
    fi
}

main "$@"
