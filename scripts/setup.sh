#!/usr/bin/env bash
# Makes .venv from the hashed lock and installs this project into it. Called by make; safe to repeat.
# With "tests": installs the programs that only tests start, which a user of mlwright never needs.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
lock=requirements/dev.lock

say() { printf 'setup: %s\n' "$*" >&2; }

# Installs a Debian package when we may, else says which one to install.
need() { # package, what for
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "installing $1 ($2)"
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$1" >&2 ||
      { apt-get update -qq >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$1" >&2; }
  else
    say "missing: $2. Install it with: sudo apt-get install $1"
    exit 1
  fi
}

# Installs what the lock names: by the uv that it pins, in a fraction of the time pip takes; by pip
# where uv cannot, as behind an index that only pip was told of.
install_lock() {
  local pip=(.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes)
  awk '/^uv==/ {of_uv = 1} of_uv {print} of_uv && !/\\$/ {exit}' "$lock" >.venv/.uv
  "${pip[@]}" -r .venv/.uv &&
    .venv/bin/uv pip install --quiet --python .venv/bin/python --require-hashes -r "$lock" ||
    { say "uv could not; pip does, which takes longer" && "${pip[@]}" -r "$lock"; }
}

if [ "${1:-}" = tests ]; then
  command -v chromium >/dev/null || need chromium "the browser that the pages are tested in"
  command -v strace >/dev/null || need strace "what shows that a record is synced before its answer"
  command -v fiu-run >/dev/null || need fiu-utils "what lets writes and syncs fail"
  compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null ||
    need postgresql "the database that queries are tested with"
  command -v bwrap >/dev/null || need bubblewrap "what keeps a step in a sandbox"
  # The build without CUDA, which is no part of any other index: left out where there is none.
  .venv/bin/python -c 'import torch' 2>/dev/null ||
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
      -r requirements/torch.lock >&2 ||
    say "no CPU build of PyTorch to be had: the tests of its example are left out"
  touch .venv/.tools
  exit
fi

command -v "$python" >/dev/null || need python3 "Python 3.11 or newer"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  say "$("$python" --version) is too old: mlwright needs 3.11. Set PYTHON=/path/to/python3.11"
  exit 1
}
"$python" -c 'import ensurepip, venv' 2>/dev/null || need python3-venv "Python's venv module"
command -v git >/dev/null || need git "git, which runs record the code's version with"
# LightGBM's wheel brings everything but the OpenMP runtime.
"$python" -c 'import ctypes; ctypes.CDLL("libgomp.so.1")' 2>/dev/null ||
  need libgomp1 "the OpenMP runtime of LightGBM"

digest=$(sha256sum "$lock" | cut -d' ' -f1)
if [ "$(cat .venv/.lock 2>/dev/null)" != "$digest" ]; then
  say "installing the packages of $lock into .venv"
  [ -x .venv/bin/python ] || "$python" -m venv .venv
  install_lock
  echo "$digest" >.venv/.lock
fi
.venv/bin/python -m pip install --quiet --disable-pip-version-check \
  --no-deps --no-build-isolation --no-index --editable .
touch .venv/.ready
