#!/usr/bin/env bash
# Resolves dependencies into hash-locked files: each argument is GROUP:FILE.txt, GROUP:FOLDER, for
# FOLDER/requirements.txt, or a file NAME.in, for NAME.txt beside it. uv is the one that build.txt pins.
set -euo pipefail

for argument in "$@"; do
    case $argument in
        *.in) what=("$argument") file=${argument%.in}.txt ;;
        *.txt) what=(--group "${argument%:*}") file=${argument#*:} ;;
        *) what=(--group "${argument%:*}") file=${argument#*:}/requirements.txt ;;
    esac
    .venv/bin/uv pip compile --quiet --upgrade "${what[@]}" --universal --python-version 3.11 \
        --generate-hashes --no-header --no-emit-index-url --no-emit-find-links -o "$file"
done
