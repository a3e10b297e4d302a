#!/usr/bin/env bash
# Resolves dependencies into hash-locked files: each argument is GROUP:FOLDER, for FOLDER/requirements.txt, or a file
# NAME.in, for NAME.txt beside it.
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
.venv/bin/python -m venv "$scratch"
"$scratch/bin/pip" --quiet --disable-pip-version-check install uv

for argument in "$@"; do
    case $argument in
        *.in) what=("$argument") file=${argument%.in}.txt ;;
        *) what=(--group "${argument%:*}") file=${argument#*:}/requirements.txt ;;
    esac
    "$scratch/bin/uv" pip compile --quiet --upgrade "${what[@]}" --universal --python-version 3.11 \
        --generate-hashes --no-header --no-emit-index-url --no-emit-find-links -o "$file"
done
