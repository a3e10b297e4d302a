#!/usr/bin/env bash
# Makes interpreter.profile.xz: how often each branch of CPython is taken, which interpreter.sh compiles by. Counted are
# starts of this runtime and Python's own training, in equal parts. No two counts are the same, so that the profile is
# kept, like a source; clang counts in C, so that one serves both architectures. $1 is this machine's.
set -euo pipefail

made=$PWD/.cache/counting
COUNTING=clang-19 packaging/interpreter.sh "$1" "$made"
tarball=$(awk '$1 == "python3.13" { print $2; exit }' packaging/sources.txt)
tar --extract --file ".cache/sources/$tarball" --directory "$made" --strip-components=1 --wildcards '*/Lib/test'

echo "counting"
unset PYTHONDONTWRITEBYTECODE
PYTHONPATH=runtime:dev .venv/bin/python - "$made/bin/python3.13" "$PWD/bootstrap" "$made/start-%c%m.profraw" <<'EOF'
import sys
from lambda_bootstrap_dev.testing import Emulator
for _ in range(20):
    with Emulator(sys.argv[1:3], cwd="examples/hello", handler="app.handler", environ={"LLVM_PROFILE_FILE": sys.argv[3]}) as emulator:
        for _ in range(5):
            emulator.invoke(b'{"name": "Lambda"}')
EOF
mv "$made/Lib/test" "$made/lib/python3.13/test"
PYTHONHASHSEED=0 LLVM_PROFILE_FILE="$made/tests-%c%m.profraw" "$made/bin/python3.13" -m test --pgo --timeout 200
# The starts run 1/150 of what the training runs, and count as much.
starts=("$made"/start-*) tests=("$made"/tests-*)
llvm-profdata-19 merge --sparse -o "$made/profile" \
    "${starts[@]/#/-weighted-input=150,}" "${tests[@]/#/-weighted-input=1,}"
xz -9e --stdout "$made/profile" >packaging/interpreter.profile.xz
rm -rf "$made"
