"""The tests of Starlette and of httpx, unmodified: what they ask their applications goes through this runtime."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import FUNCTIONS, ROOT, give_up
from tests.support.frameworks import REQUIREMENTS

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(900)  # one of them starts a server for each test, and the first fetches them

CACHE = ROOT / ".cache" / "suites"
SERVERS = {"date", "server", "connection", "transfer-encoding", "content-length"}  # headers that are a server's own
FLEETING = {"etag", "last-modified", "set-cookie"}  # headers that have the time in them, or a signature of it


@dataclass(frozen=True)
class Suite:
    """
    The tests of a project.

    Args:
        name: the project's, as `pip` knows it.
        places: the files and folders that ask applications; without those that need more than the frameworks do.
        count: so many of the tests pass, at least.
        refused: words in the names of those that cannot, and why.
        odd: words in the names of tests whose answers differ from uvicorn's, and why.
    """

    name: str
    places: tuple[str, ...]
    count: int
    refused: tuple[str, ...]
    odd: tuple[str, ...]

    def __str__(self) -> str:
        return self.name


SUITES = (
    Suite(
        "starlette",
        # Of the test client and of WebSockets there are tests that ask no server.
        ("tests", "--ignore=tests/test_testclient.py", "--ignore=tests/test_websockets.py"),
        650,
        (
            *("trailers", "send_push_promise"),  # use extensions that are not in their scope
            "force_500",  # asks for the empty answer that the test client makes up; a server has a text
        ),
        (
            "large_file_rollover",  # says what thread it was
            "unreliable_content_length",  # sends more than it says: a server reads as much, a front end has the body
            "response_phrase",  # status 123, after which a client of HTTP/1.1 goes on to wait
            "accessing_context",  # wants the context of the test, which a server in a thread has not
        ),
    ),
    Suite(
        "httpx",
        ("tests/client", "tests/test_api.py", "tests/test_timeouts.py", "tests/test_utils.py"),
        250,
        (),
        ("timeout",),
    ),
)


@dataclass(frozen=True)
class Outcome:
    """What became of a suite: which tests have failed, how many have not, and what each was answered."""

    failed: set[str]
    passed: int
    answers: dict[str, list[Any]]


@pytest.fixture(scope="module", name="packages")
def _packages(frameworks: Path) -> Path:
    """The folder of the frameworks' packages; the sources of both projects are had, as the frameworks' list says."""
    locked = re.findall(r"^(?:starlette|httpx)==.*\n(?: +--hash.*\n)+", REQUIREMENTS.read_text(), re.MULTILINE)
    done = CACHE / "requirements.txt"
    wanted = "".join(text.rstrip().rstrip("\\") + "\n" for text in locked)
    if not done.exists() or done.read_text() != wanted:
        shutil.rmtree(CACHE, ignore_errors=True)
        CACHE.mkdir(parents=True)
        (CACHE / "wanted.txt").write_text(wanted)
        pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download", "--no-deps"]
        pip += ["--require-hashes", "--no-binary", "starlette,httpx", "-d", str(CACHE), "-r", str(CACHE / "wanted.txt")]
        if subprocess.run(pip, capture_output=True, timeout=500, check=False).returncode:
            give_up("the sources of starlette and httpx cannot be had, so their tests are not tried")
        for archive in CACHE.glob("*.tar.gz"):
            with tarfile.open(archive) as source:
                source.extractall(CACHE, filter="data")
        done.write_text(wanted)
    return next(frameworks.parents[1].glob("lib/python*/site-packages"))


def run(packages: Path, suite: Suite, mode: str, records: Path) -> Outcome:
    """Run a suite with the bridge of tests/functions/bridge in one of its modes."""
    [folder] = [path for path in CACHE.glob(f"{suite.name}-*") if path.is_dir()]
    paths = (ROOT / "runtime", FUNCTIONS / "bridge", ROOT / "tests" / "support", packages, folder)
    environ = {
        **os.environ,
        "BRIDGE": mode,
        "BRIDGE_RECORDS": str(records),
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "PYTHONHASHSEED": "0",
    }
    options = ["-p", "bridge", "-p", "no:cacheprovider", "-o", "filterwarnings=ignore", "-o", "addopts=", "-q", "-rf"]
    command = [sys.executable, "-m", "pytest", *options, "--tb=no", "-k", "not trio", *suite.places]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    answers: dict[str, list[Any]] = {}
    for line in records.read_text(encoding="utf-8").splitlines():
        found = json.loads(line)
        answers.setdefault(found["test"], []).append((found["request"], comparable(*found["answer"])))
    passed = re.search(r"(\d+) passed", done.stdout)
    failed = set(re.findall(r"^FAILED (\S+?)(?: - |$)", done.stdout, re.MULTILINE))
    return Outcome(failed, int(passed[1]) if passed else 0, answers)


def comparable(status: int, headers: list[list[str]], body: str) -> Any:
    """An answer without what is a server's own or of the second; values of one header joined."""
    found: dict[str, str] = {}
    for name, value in headers:
        if name not in SERVERS:
            found[name] = "…" if name in FLEETING else ", ".join(filter(None, (found.get(name), value)))
    found["content-type"], text = (
        re.sub(r"0x[0-9a-f]+|\b[0-9a-f]{26}\b", "…", text)  # addresses, boundaries of parts
        for text in (found.get("content-type", ""), bytes.fromhex(body).decode("latin-1"))
    )
    return status, found, text


def has(words: tuple[str, ...], name: str) -> bool:
    """Whether one of *words* is in *name*."""
    return any(word in name for word in words)


@pytest.mark.parametrize("suite", SUITES, ids=str)
def test_suite(packages: Path, suite: Suite, tmp_path: Path) -> None:
    """A test that holds as its project runs it holds as well where this runtime serves, by the events of a URL."""
    direct, ours = (run(packages, suite, mode, tmp_path / mode) for mode in ("direct", "ours"))

    assert {name for name in ours.failed - direct.failed if not has(suite.refused, name)} == set()
    assert ours.passed >= suite.count
    assert len(ours.answers) >= 40


@pytest.mark.parametrize("suite", SUITES, ids=str)
def test_same(packages: Path, suite: Suite, tmp_path: Path) -> None:
    """What these tests ask is answered as uvicorn does over a socket: status, headers and body."""
    ours, uvicorn = (run(packages, suite, mode, tmp_path / mode).answers for mode in ("ours", "uvicorn"))

    different = [name for name in ours.keys() | uvicorn.keys() if ours.get(name) != uvicorn.get(name)]
    assert [(name, ours.get(name), uvicorn.get(name)) for name in different if not has(suite.odd, name)] == []
    assert len(ours) >= 40
