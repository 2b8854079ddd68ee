#!/bin/sh
# Create .venv with the given Python (3.11 or newer), once.
set -e
[ -x .venv/bin/python ] && exit 0
if ! "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "Blockwright needs Python 3.11 or newer, and '$1' is not; run 'make PYTHON=/path/to/python3.11 ...'." >&2
    exit 1
fi
if ! "$1" -c 'import ensurepip, venv' 2>/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq && apt-get install -y -qq python3-venv
    else
        echo "Python's venv module is missing; install it (Debian: apt-get install python3-venv) and try again." >&2
        exit 1
    fi
fi
"$1" -m venv .venv
.venv/bin/python -m pip install --quiet --upgrade pip
