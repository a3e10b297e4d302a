"""
Run the tests on several versions of Python, and print a table of what ran.

Owns: where each Python comes from, which is Debian's binary packages, and the environments that the tests run in.
Refuses to know: what is tested.

A suite's packages are unpacked, not installed: nothing of them runs but the interpreter, which is told to load the C
library that lies beside it. So it runs here, next to the programs that the tests start, without a chroot.
"""

# ruff: noqa: INP001 -- a package called "packaging" would hide the one that pytest imports
from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / ".cache" / "pythons"
REQUIREMENTS = ROOT / "tests" / "requirements.txt"
KEYRING = "debian-archive-keyring"  # the package, and the file in it
SUITES = {"trixie": ["3.13"], "sid": ["3.14", "3.15"]}
NATIVE = f"{sys.version_info[0]}.{sys.version_info[1]}"
VERSIONS = list(dict.fromkeys([NATIVE, *SUITES["trixie"], *SUITES["sid"]]))


@dataclass(frozen=True)
class Row:
    """What came of one Python: its version, whether pytest is content, how many tests ran, how many did not and why."""

    python: str
    is_green: bool
    ran: int
    failed: int
    skipped: Counter[str]


def run(*command: str | Path) -> None:
    """Run a program, which has to succeed."""
    subprocess.run([str(word) for word in command], check=True, stdin=subprocess.DEVNULL)


def unpack(suite: str) -> Path:
    """Return the folder with a suite's Pythons; it is made once, as the archive has them on that day."""
    folder, scratch = FOLDER / suite, FOLDER / f"{suite}.new"
    if not folder.exists():
        run(ROOT / "packaging" / "tools.sh", "mmdebstrap:mmdebstrap", f"mmdebstrap:{KEYRING}", "patchelf:patchelf")
        print(f"Unpacking Debian's Python {' and '.join(SUITES[suite])} ...", flush=True)
        shutil.rmtree(scratch, ignore_errors=True)
        FOLDER.mkdir(parents=True, exist_ok=True)
        packages = ",".join([*(f"python{version}" for version in SUITES[suite]), "python3-pip-whl"])
        # A mirror that is a snapshot has a date that has passed, for sid.
        options = ["--quiet", "--variant=extract", '--aptopt=Acquire::Check-Valid-Until "false"']
        keyring = f"--keyring=/usr/share/keyrings/{KEYRING}.gpg"
        run("mmdebstrap", *options, keyring, f"--include={packages}", suite, scratch)
        for version in SUITES[suite]:
            adapt(scratch / "usr" / "bin" / f"python{version}", scratch, folder)
        scratch.rename(folder)
    return folder


def adapt(python: Path, root: Path, folder: Path) -> None:
    """Have an interpreter, and it alone, load the libraries of *root*, which will be called *folder*."""
    [loader] = root.glob("usr/lib*/ld-linux-*.so.*")
    [libraries] = root.glob("usr/lib/*-linux-gnu")
    theirs = [folder / path.relative_to(root) for path in (loader, libraries)]
    run("patchelf", "--set-interpreter", theirs[0], "--force-rpath", "--set-rpath", theirs[1], python)


def environment(version: str) -> Path:
    """Return an interpreter with all that the tests import; whatever has no wheel for it is an error."""
    if version == NATIVE:
        return Path(sys.executable)
    suite = next(suite for suite, versions in SUITES.items() if version in versions)
    root, folder = unpack(suite), FOLDER / version
    python, done = folder / "bin" / "python", folder / "requirements.sha256"
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if not done.exists() or done.read_text() != digest:
        print(f"Setting up Python {version} ...", flush=True)
        run(root / "usr" / "bin" / f"python{version}", "-m", "venv", "--clear", "--without-pip", folder)
        [wheel] = root.glob("usr/share/python-wheels/pip-*.whl")
        run(python, wheel / "pip", "install", "--quiet", "--no-index", wheel)
        pip = [str(python), "-m", "pip", "-qq", "--disable-pip-version-check", "install"]
        run(*pip, "--require-hashes", "--only-binary=:all:", "-r", REQUIREMENTS)
        done.write_text(digest)
    return python


def tested(version: str, options: list[str], tests: list[str]) -> Row:
    """Run the tests on one Python; where they start the runtime, it is with *options* of the interpreter's."""
    python, report = environment(version), FOLDER / f"{version}.xml"
    name = " ".join([version, *options])
    print(f"== Python {name}", flush=True)
    report.unlink(missing_ok=True)
    command = [str(python), "-m", "pytest", "--quiet", f"--junitxml={report}", "--ignore=tests/integration", *tests]
    environ = {**os.environ, "RUNTIME_OPTIONS": " ".join(options)}
    status = subprocess.run(command, cwd=ROOT, env=environ, check=False).returncode
    if not report.exists():
        return Row(name, is_green=False, ran=0, failed=0, skipped=Counter())
    cases = ET.parse(report).findall(".//testcase")  # noqa: S314 - we have had it written ourselves
    failed = sum(case.find("failure") is not None or case.find("error") is not None for case in cases)
    found = [skip for case in cases if (skip := case.find("skipped")) is not None]
    reasons = [skip.get("message", "") for skip in found if skip.get("type") != "pytest.xfail"]  # which did run
    return Row(name, status == 0, len(cases) - len(reasons), failed, Counter(reasons))


def main() -> int:
    """Run the tests on each Python that the command line names; return 1 if any is not content."""
    parser = argparse.ArgumentParser(description="Run the tests on several versions of Python.")
    parser.add_argument("--pythons", default="", help=f"default: {' '.join(VERSIONS)}")
    parser.add_argument("--options", default="", help="the interpreter's own options for the runtime")
    parser.add_argument("tests", nargs="*", help="what pytest is given; default: all tests but containers")
    given = parser.parse_args()
    versions = given.pythons.split() or VERSIONS
    for version in versions:
        if version not in VERSIONS:
            parser.error(f"no suite is known that has Python {version}: there are {' '.join(VERSIONS)}")
    rows = [tested(version, given.options.split(), given.tests) for version in versions]
    print(f"\n{'Python':<32}{'run':>6}{'failed':>8}{'skipped':>9}")
    for row in rows:
        word = "" if row.is_green else "  not green"
        print(f"{row.python:<32}{row.ran:>6}{row.failed:>8}{row.skipped.total():>9}{word}")
        for reason, count in row.skipped.most_common():
            print(f"{'':<32}{count:>6} {reason}")
    return int(not all(row.is_green for row in rows))


if __name__ == "__main__":
    sys.exit(main())
