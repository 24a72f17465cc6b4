# Sourced by the other scripts: changes to the checkout, finds Python, and keeps installations and caches inside.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export PIP_CACHE_DIR="$PWD/.cache/pip" PIP_DISABLE_PIP_VERSION_CHECK=1
export VIRTUALENV_OVERRIDE_APP_DATA="$PWD/.cache/virtualenv"
export RUSTUP_HOME="${RUSTUP_HOME:-$PWD/.cache/rustup}" # pip runs rustc, and rustup creates this folder
export PYRIGHT_PYTHON_CACHE_DIR="$PWD/.cache/pyright" PYRIGHT_PYTHON_IGNORE_WARNINGS=1 npm_config_cache="$PWD/.cache/npm"

say() { printf '== %s\n' "$*"; }

find_python() {
  local name
  for name in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$name"
      return
    fi
  done
  echo "Python 3.11 or later was not found; install it, or set PYTHON=/path/to/python." >&2
  return 1
}

# Installs into .venv after each change of pyproject.toml: setup NAME PIP_ARGUMENTS...
setup() {
  local name=$1 stamp=".venv/.$1" python
  shift
  if [ ! -x .venv/bin/python ]; then
    python=$(find_python)
    say "Creating .venv with $("$python" --version)"
    "$python" -m venv .venv
  fi
  if ! cmp -s pyproject.toml "$stamp"; then
    say "Installing into .venv (about half a minute): $*"
    .venv/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
    .venv/bin/python -m pip install --quiet "$@"
    cp pyproject.toml "$stamp"
  fi
}
