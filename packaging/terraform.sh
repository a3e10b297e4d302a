#!/usr/bin/env bash
# Checks the templates in folder $1 with Terraform, or OpenTofu, as far as they can be had: the form with the program,
# the meaning with the AWS provider, which comes from a registry. The tests check what can be checked without.
set -euo pipefail

if ! program=$(command -v terraform || command -v tofu); then
    echo "There is no terraform, and no tofu: $1/*.tf is left to the tests."
    exit
fi
"$program" fmt -check -diff "$1"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp "$1"/*.tf "$scratch"
cd "$scratch"
if ! timeout 120 "$program" init -backend=false -input=false >init.log 2>&1; then
    # Its messages are broken into lines.
    if ! tr '\n' ' ' <init.log | grep -q 'could not connect'; then
        cat init.log >&2
        exit 1
    fi
    echo "Terraform's registry does not answer: $1/*.tf is not validated, only tested."
    exit
fi
"$program" validate
