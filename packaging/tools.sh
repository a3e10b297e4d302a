#!/usr/bin/env bash
# Makes sure that programs are there: each argument is PROGRAM:PACKAGE. On Debian as root they are installed, else named.
set -euo pipefail

missing=()
for pair in "$@"; do
    command -v "${pair%:*}" >/dev/null || missing+=("${pair#*:}")
done
if [ ${#missing[@]} = 0 ]; then
    exit
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "this needs Debian's packages ${missing[*]}, or your system's equivalent" >&2
    exit 1
fi
echo "Installing ${missing[*]} ..."
export DEBIAN_FRONTEND=noninteractive
# One at a time: apt-get gives up where another one is at work.
exec {own}<"$0"
flock $own
{ apt-get -qq update && apt-get -qq install --yes --no-install-recommends "${missing[@]}"; } </dev/null >/dev/null
