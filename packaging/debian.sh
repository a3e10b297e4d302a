#!/usr/bin/env bash
# Prepares the image that runs on Debian's own Python: its base, tagged $1, and build/tree/debian. The tree is laid out
# as ours is (tree.py), but has no interpreter, and a shell script in place of the launcher.
set -euo pipefail

tree=build/tree/debian
rm -rf "$tree"
mkdir -p "$tree/lambda-bootstrap"
cp -R bootstrap runtime build/site-packages "$tree/lambda-bootstrap/"
printf '#!/bin/sh\nexec /usr/bin/python3 /var/runtime/lambda-bootstrap/bootstrap "$@"\n' >"$tree/bootstrap"
chmod +x "$tree/bootstrap"
# Lambda's user has to read it, whatever the builder's umask.
chmod -R u=rwX,go=rX "$tree"

docker build --quiet --tag "$1" - <packaging/debian.Dockerfile >/dev/null
