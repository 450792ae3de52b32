#!/bin/sh
# Make a virtual environment with Python 3.11. Debian ships `venv` as a package of its own; root gets it here.
set -eu
python=$(command -v python3.11 || command -v python3) || { echo "Python 3.11 is needed." >&2; exit 1; }
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; $python is older." >&2; exit 1; }
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || { echo "Install python3-venv first." >&2; exit 1; }
    apt-get update -qq && apt-get install -y -qq python3-venv
fi
"$python" -m venv "$1"
