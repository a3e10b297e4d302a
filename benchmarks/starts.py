"""
How long functions with real dependencies take to start: as `lambda-bootstrap build` packs them, and zipped by pip.

Owns: the functions, both ways to pack them, and how the page cache is emptied. Interpreter and runtime are the same on
either side, those that ship, so that what differs is the package. How a start is timed is server.c's.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
import zipfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.build import CACHE, HERE, Start, run, shipped
from benchmarks.echoes import one_round
from benchmarks.page import Table, pinned
from benchmarks.report import quartile

if TYPE_CHECKING:
    from collections.abc import Sequence

TARGET = 0.6
CACHES = Path("/proc/sys/vm/drop_caches")
OURS, PIP = "built", "zipped by pip"
STATES = ("warm", "cold")
BY_PIP = (
    f"{PIP}: `pip install --target` by the same Python, zipped, and unpacked with the zip's times, in steps of 2 s, "
    "which its byte code is checked against; nobody may write"
)


@dataclass(frozen=True)
class Function:
    """A function by what it needs, what it does at its top, and the services of botocore that it names."""

    name: str
    requirement: str
    top: str
    services: str = ""

    @property
    def code(self) -> str:
        """Its module."""
        return f"{self.top}\n\n\ndef handler(event, context):\n    return event\n"


CLIENT = 'import boto3\n\ns3 = boto3.client("s3", region_name="eu-west-1")'
MODEL = "from pydantic import BaseModel\n\n\nclass Order(BaseModel):\n    item: str\n    count: int = 1"
FUNCTIONS = (
    Function("boto3", "boto3", "import boto3"),
    Function("boto3 with a client of S3", "boto3", CLIENT, '[tool.lambda-bootstrap]\nservices = ["s3"]\n'),
    Function("pydantic with a model", "pydantic", MODEL),
    Function("requests", "requests", "import requests"),
    Function("numpy", "numpy", "import numpy"),
    Function("pandas", "pandas", "import pandas"),
)


def measure(rounds: int) -> Table:
    """Measure the start of each function, packed either way, with its files in the page cache and without."""
    shipped()  # or there is nothing to measure with
    rows = [["imports", *(cell for how in STATES for cell in (f"{PIP}, {how}", f"{OURS}, {how}", "ratio"))]]
    worst: list[float] = []
    with pinned():
        for function in FUNCTIONS:
            times = one_function(function, rounds)
            rows.append([function.name, *(cell for how in STATES for cell in cells(times[PIP, how], times[OURS, how]))])
            worst += [times[OURS, how] / times[PIP, how] for how in STATES]
    dropped = "`drop_caches`" if os.access(CACHES, os.W_OK) else "`posix_fadvise` for each file"
    verdict = f"{max(worst):.2f}, {'met' if max(worst) <= TARGET else 'NOT met'}"
    lines = [
        "start of the process to first `next`, with the interpreter and runtime that ship on either side",
        BY_PIP,
        f"cold: after {dropped}; {rounds} rounds, on one core: the lower quartile",
        f"target: each at most {TARGET} x what pip zips: {verdict}",
    ]
    return Table("The start of real functions", rows, lines)


def cells(pip: float, ours: float) -> list[str]:
    """Two times in milliseconds, and their ratio."""
    return [f"{pip:.0f} ms", f"{ours:.0f} ms", f"{ours / pip:.2f}"]


def one_function(function: Function, rounds: int) -> dict[tuple[str, str], float]:
    """The lower quartile of the starts, in milliseconds, by side and state of the cache."""
    folder = CACHE / "starts" / function.name.replace(" ", "-")
    shutil.rmtree(folder, ignore_errors=True)
    sides = {PIP: zipped_by_pip(function, folder), OURS: built(function, folder)}
    times: dict[tuple[str, str], list[float]] = {(side, how): [] for side in sides for how in STATES}
    for _ in range(rounds):
        for (side, how), taken in times.items():
            if how == "cold":
                empty_cache(folder)
            taken.append(first_next(sides[side]))
    return {key: quartile(taken) for key, taken in times.items()}


def first_next(start: Start) -> float:
    """How long one start takes, in milliseconds."""
    return one_round(start, 1, 0, starts=1).first_next_ms


def started(task: Path) -> Start:
    """The runtime that ships, with the function in *task*."""
    # Root may write anywhere, and Lambda nobody: byte code that is out of date is made anew for each start.
    options = (("LAMBDA_TASK_ROOT", str(task)), ("PYTHONDONTWRITEBYTECODE", "1"))
    start = Start(shipped().program, options=options, handler="app.handler")
    first_next(start)  # does it run at all?
    return start


def sources(function: Function, folder: Path) -> Path:
    """A folder with the function, as people have it."""
    folder.mkdir(parents=True)
    (folder / "app.py").write_text(function.code)
    (folder / "requirements.txt").write_text(f"{function.requirement}\n")
    if function.services:
        (folder / "pyproject.toml").write_text(function.services)
    return folder


def zipped_by_pip(function: Function, folder: Path) -> Start:
    """Pack the function as most guides say: pip into a folder, the function beside it, and a zip of that."""
    package = sources(function, folder / "pip" / "package")
    python = Path(shipped().program[0]).parent / "lambda-bootstrap" / "bin" / "python3"
    pip = Path(next(iter(getattr(find_spec("pip"), "submodule_search_locations", None) or ["pip"])))
    run((python, pip, "install", "--quiet", "--target", package, "-r", package / "requirements.txt"), folder)
    archive = shutil.make_archive(str(folder / "pip" / "function"), "zip", package)
    return started(unpack(Path(archive), folder / "pip" / "task"))


def built(function: Function, folder: Path) -> Start:
    """Pack the function with `lambda-bootstrap build`."""
    source = sources(function, folder / "built" / "shop")
    wheels = HERE.parent / "build" / "interpreter" / Path(shipped().program[0]).parent.name
    archive = folder / "built" / "function.zip"
    command = (sys.executable, "-m", "lambda_bootstrap_dev", "build", "zip", "app.handler", "--bare")
    path = ":".join(str(HERE.parent / name) for name in ("runtime", "dev"))
    run((*command, "--find-links", wheels, "--output", archive), source, {**os.environ, "PYTHONPATH": path})
    return started(unpack(archive, folder / "built" / "task"))


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack as Lambda does: with the zip's times, and nobody may write."""
    with zipfile.ZipFile(archive) as file:
        for entry in file.infolist():
            path = Path(file.extract(entry, folder))
            moment = time.mktime((*entry.date_time, 0, 0, -1))
            os.utime(path, (moment, moment))
    for path in folder.rglob("*"):
        path.chmod(0o555)
    return folder


def empty_cache(folder: Path) -> None:
    """Have the kernel forget the packages and the interpreter; all of the files there are, where that is allowed."""
    if os.access(CACHES, os.W_OK):
        os.sync()
        CACHES.write_text("3")
        return
    for place in (folder, Path(shipped().program[0]).parent):
        forget([path for path in place.rglob("*") if path.is_file()])


def forget(files: Sequence[Path]) -> None:
    """Have the kernel forget what it has of each file."""
    for path in files:
        descriptor = os.open(path, os.O_RDONLY)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)
