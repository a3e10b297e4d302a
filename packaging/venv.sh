#!/usr/bin/env bash
# Makes .venv with the interpreter $1. Debian ships `venv` apart from python3: as root it is fetched, else named.
set -euo pipefail

python=$1

if ! version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2]); sys.exit(sys.version_info < (3, 11))' 2>/dev/null); then
    echo "$python is ${version:-missing}: lambda-bootstrap needs Python 3.11 or newer (make PYTHON=/path/to/python3 ...)" >&2
    exit 1
fi

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    package="python$version-venv"
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "$python cannot make virtual environments: install $package (Debian, Ubuntu) or your system's equivalent" >&2
        exit 1
    fi
    echo "Installing $package ..."
    export DEBIAN_FRONTEND=noninteractive
    { apt-get -qq update && apt-get -qq install --yes --no-install-recommends "$package"; } </dev/null >/dev/null
fi

echo "Setting up .venv with Python $version ..."
"$python" -m venv .venv
