"""
A runtime through the cases: a command, or an image, under the emulator, once for each case.

Owns: how a runtime is started, and when a case is over.
Refuses to know: what is expected.
"""

from __future__ import annotations

import itertools
import os
import shlex
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..emulator.function import Function, environment
from ..emulator.session import find_bootstrap
from ..errors import UsageError
from ..testing import Emulator
from .judging import Seen, complaints

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from .cases import Case

FUNCTION = Path(__file__).parent / "function"
BARE = Path(__file__).parent / "bare.py"
HANDLER = "{handler}"
# How long a runtime may take for a case.
PATIENCE_SECONDS = 15.0
LOOK_SECONDS = 0.005
AT_ONCE = 4
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Result:
    """A case, and what is wrong with the runtime in it; nothing if it passes."""

    case: Case
    wrong: tuple[str, ...]

    @property
    def passes(self) -> bool:
        """Whether all is as the case says."""
        return not self.wrong


class Command:
    """A runtime that is a program; `{handler}` in it stands for the handler's name."""

    def __init__(self, words: Sequence[str], folder: Path = FUNCTION) -> None:
        self.folder = folder.resolve()
        # Not resolved: a link is how a virtual environment's Python knows its place.
        self._words = [os.path.abspath(word) if Path(word).is_file() else word for word in words]  # noqa: PTH100

    def line(self, case: Case) -> list[str]:
        """The command line."""
        return [case.handler if word == HANDLER else word for word in self._words]

    def end(self) -> None:
        """Do nothing: the emulator has ended the process."""


class Image:
    """A runtime in an image, with the function as its /var/task; its command is the handler's name."""

    def __init__(self, name: str, folder: Path = FUNCTION) -> None:
        self.folder = folder.resolve()
        self._name = name
        self._containers: list[str] = []

    def line(self, case: Case) -> list[str]:
        """The command line of the engine, which takes the values of the variables out of its own environment."""
        container = f"lambda-bootstrap-conform-{os.getpid()}-{next(_numbers)}"
        self._containers.append(container)
        configured = Function(handler=case.handler, is_from_snapshot=case.snapstart, concurrency=case.concurrency)
        names = [*environment(configured, "", {}), *case.environ]
        variables = [f"--env={name}" for name in names if name != "LAMBDA_TASK_ROOT"]
        options = ["--rm", "--network=host", f"--name={container}", f"--volume={self.folder}:/var/task:ro"]
        return ["docker", "run", *options, *variables, "--env=LAMBDA_TASK_ROOT=/var/task", self._name, case.handler]

    def end(self) -> None:
        """Remove the containers: who kills the engine's client doesn't kill them."""
        command = ["docker", "rm", "--force", *self._containers]
        subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - the user's engine


def find_runtime(words: Sequence[str], folder: Path | None) -> Command | Image:
    """
    Find what *words* name: a program with its arguments, in one word too, or an image; without any, our own runtime.

    Raises:
        UsageError: it is neither, or there is no such folder.
    """
    place = folder or FUNCTION
    if not place.is_dir():
        raise UsageError(f"there is no folder {str(place)!r} for the function")
    if not words:
        return Command([sys.executable, str(find_bootstrap()), HANDLER], place)
    split = shlex.split(words[0]) if len(words) == 1 else list(words)
    if shutil.which(split[0]):
        return Command(split, place)
    inspect = ["docker", "image", "inspect", split[0]]
    if not shutil.which("docker") or subprocess.run(inspect, capture_output=True, check=False).returncode:  # noqa: S603 - the user's engine
        raise UsageError(f"{split[0]!r} is neither a program nor an image that is here: docker pull {split[0]}")
    return Image(split[0], place)


def run(runtime: Command | Image, cases: Iterable[Case]) -> Iterator[Result]:
    """Run the cases, several at a time, and give each result in its turn."""
    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            yield from pool.map(lambda case: Result(case, tuple(complaints(case, watch(runtime, case)))), cases)
    finally:
        runtime.end()


def watch(runtime: Command | Image, case: Case, environ: Mapping[str, str] | None = None) -> Seen:
    """Run one case, and return what the runtime did until it waited, ended, or its time was up."""
    with Emulator(
        runtime.line(case),
        cwd=runtime.folder,
        handler=case.handler,
        environ={**(environ or {}), **case.environ},
        merge_output=True,
        snapstart=case.snapstart,
        concurrency=case.concurrency,
    ) as emulator:
        for endpoint, answers in case.scripts.items():
            emulator.script(endpoint, *answers)
        emulator.start()
        return follow(emulator, case.last_poll)


def follow(emulator: Emulator, polls: int) -> Seen:
    """Wait until the runtime has polled so often, or has ended."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < ends:
        if emulator.status is not None:
            status = emulator.wait_exit()  # with all of its output
            return Seen(emulator.requests, emulator.output, status)
        if len([request for request in emulator.requests if request.endpoint == "next"]) >= polls:
            return Seen(emulator.requests, emulator.output, None)
        time.sleep(LOOK_SECONDS)
    return Seen(emulator.requests, emulator.output, None, is_late=True)
