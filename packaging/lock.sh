#!/usr/bin/env bash
# Resolves dependency groups into hash-locked files: each argument is GROUP:FOLDER, for FOLDER/requirements.txt.
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
.venv/bin/python -m venv "$scratch"
"$scratch/bin/pip" --quiet --disable-pip-version-check install uv

for pair in "$@"; do
    "$scratch/bin/uv" pip compile --quiet --upgrade --group "${pair%:*}" --universal --python-version 3.11 \
        --generate-hashes --no-header --no-emit-index-url --no-emit-find-links -o "${pair#*:}/requirements.txt"
done
