"""
Two runtimes side by side: the same invocations under each, and what each posts, writes and exits with.

Owns the processes and what is seen of them, field by field. Refuses to know which differences are allowed.

A process writes to files, which are read whenever it polls or has ended: whatever is in them by then belongs to the
invocation before, without a guess. One environment serves all cases of a handler, one after the other.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import venv
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from lambda_bootstrap_dev.testing import Emulator, Reply

from tests.support import BOOTSTRAP, FUNCTIONS, PYTHON, ROOT, give_up
from tests.support.emulated import POSTS, REQUEST_ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lambda_bootstrap_dev.testing import Request

    Seen = dict[str, Any]
    Both = dict[str, Seen]  # by format

REQUIREMENTS = ROOT / "benchmarks" / "requirements.txt"
FOLDER = ROOT / ".cache" / "awslambdaric" / f"{sys.version_info[0]}.{sys.version_info[1]}"
JSON_TYPE = (("Content-Type", "application/json"),)
FORMATS: dict[str, dict[str, str]] = {"text": {}, "JSON": {"AWS_LAMBDA_LOG_FORMAT": "JSON"}}
# Both compile a function anew: what the compiler warns of is said once for a file that is kept.
ALIKE = {"BOOTSTRAP_TRANSPORT": "socket", "PYTHONDONTWRITEBYTECODE": "1"}
PATIENCE = 20.0  # seconds for anything


def install() -> Path:
    """Return a Python that has awslambdaric, as it is locked for the benchmark, and nothing else."""
    python, done = FOLDER / "bin" / "python", FOLDER / "requirements.txt"
    if not done.exists() or done.read_text() != REQUIREMENTS.read_text():
        venv.create(FOLDER, clear=True, symlinks=True)
        pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--python", str(python)]
        command = [*pip, "install", "--require-hashes", "-r", str(REQUIREMENTS)]
        installed = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
        if installed.returncode != 0:
            give_up("awslambdaric cannot be installed, so nothing is compared with it")
        done.write_text(REQUIREMENTS.read_text())
    return python


@dataclass(frozen=True)
class Case:
    """A handler, and what `next` answers it with; without a payload it is not to get that far."""

    handler: str
    payload: bytes | None = b"{}"
    headers: tuple[tuple[str, str], ...] = JSON_TYPE
    environ: tuple[tuple[str, str], ...] = ()
    source: str = ""  # of the module `function`, in a folder of its own; otherwise the handler is in tests/functions
    request_id: str = REQUEST_ID

    @property
    def group(self) -> tuple[object, ...]:
        """What cases have in common that share an environment."""
        return self.handler, self.environ, self.source


def compare(python: Path, cases: Mapping[str, Case]) -> dict[str, tuple[Both, Both]]:
    """Run *cases*, which share an environment, under both runtimes in both formats: by name, ours and theirs."""
    commands = [*PYTHON, str(BOOTSTRAP)], [str(python), "-m", "awslambdaric"]
    with TemporaryDirectory() as place, ThreadPoolExecutor(4) as pool:
        source = next(iter(cases.values())).source
        if source:
            Path(place, "function.py").write_text(source, encoding="utf-8")
        folder = Path(place) if source else FUNCTIONS
        ours, theirs = (
            {form: pool.submit(watch, command, cases, folder, environ) for form, environ in FORMATS.items()}
            for command in commands
        )
        return {
            name: (
                {form: run.result()[name] for form, run in ours.items()},
                {form: run.result()[name] for form, run in theirs.items()},
            )
            for name in cases
        }


def watch(
    command: Sequence[str], cases: Mapping[str, Case], folder: Path, environ: Mapping[str, str]
) -> dict[str, Seen]:
    """Run *cases*, which share a handler, in one process, or the next if one ends it; return what was seen of each."""
    seen = {}
    with ExitStack() as stack:
        environment: Environment | None = None
        for name, case in cases.items():
            if environment is None or environment.process.poll() is not None:
                environment = stack.enter_context(started(command, case, folder, environ))
            seen[name] = environment.see(case)
    return seen


@contextmanager
def started(command: Sequence[str], case: Case, folder: Path, environ: Mapping[str, str]) -> Iterator[Environment]:
    """Run a process for *case*, and end it."""
    with TemporaryDirectory() as place, Emulator(cwd=folder, handler=case.handler) as emulator:
        given = {**emulator.environ, **ALIKE, **environ, **dict(case.environ)}
        files = {name: Path(place, name) for name in ("stdout", "stderr")}
        with files["stdout"].open("ab") as out, files["stderr"].open("ab") as err:
            process = subprocess.Popen(
                [*command, case.handler],
                cwd=folder,
                env=given,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        try:
            yield Environment(emulator, process, files)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class Environment:
    """A process under the emulator, and how much of its requests and of its output has been seen."""

    def __init__(self, emulator: Emulator, process: subprocess.Popen[bytes], files: Mapping[str, Path]) -> None:
        self.emulator = emulator
        self.process = process
        self.files = files
        self.polls = 1
        self.requests = 0
        self.sizes = dict.fromkeys(files, 0)

    def see(self, case: Case) -> Seen:
        """Serve an invocation, unless *case* has none, and return what became of it."""
        if case.payload is not None and self.polled():
            given = ("Lambda-Runtime-Aws-Request-Id", case.request_id), ("Lambda-Runtime-Deadline-Ms", "4102444800000")
            self.emulator.script("next", Reply(200, [*given, *case.headers], case.payload))
            self.polls += 1
        lives = self.polled()
        requests = self.emulator.requests[self.requests :]
        self.requests += len(requests)
        posts = [request for request in requests if request.endpoint in POSTS]
        seen: Seen = {"exit status": None if lives else self.process.returncode, "posts": [p.endpoint for p in posts]}
        for name, path in self.files.items():
            written = path.read_bytes()
            seen[name] = written[self.sizes[name] :]
            self.sizes[name] = len(written)
        for post in posts[:1]:
            seen |= parts(post)
        return seen

    def polled(self) -> bool:
        """Wait until the process polls for the invocation that is to come, or has ended; return whether it polls."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            is_over = self.process.poll() is not None
            if sum(request.endpoint == "next" for request in self.emulator.requests) >= self.polls:
                return True
            if is_over:
                return False
            time.sleep(0.002)
        raise AssertionError(f"no poll within {PATIENCE} seconds: {self.files['stderr'].read_text()}")


def parts(post: Request) -> Seen:
    """What was posted, field by field."""
    cause = post.header("Lambda-Runtime-Function-XRay-Error-Cause")
    return {
        "target": post.target,
        "bytes": post.body,
        "Content-Type": post.header("Content-Type"),
        "Invocation-Id": post.header("Lambda-Runtime-Invocation-Id"),
        "Error-Type": post.header("Lambda-Runtime-Function-Error-Type"),
        "X-Ray": without_order(json.loads(cause)) if cause else None,
        **fields(post.body, is_error=post.endpoint != "response"),
    }


def without_order(cause: dict[str, Any]) -> dict[str, Any]:
    """An X-Ray cause as it is compared: awslambdaric lists its paths in any order."""
    return {**cause, "paths": sorted(cause["paths"])}


def fields(body: bytes, *, is_error: bool) -> dict[str, Any]:
    """The members of an error body, or the value of a result."""
    try:
        value = json.loads(body)
    except ValueError:
        return {"value": body}
    return value if is_error else {"value": value}
