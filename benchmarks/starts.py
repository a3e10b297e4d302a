"""
How long functions with real dependencies take to start: as `lambda-bootstrap build` packs them, and as people do it.

Owns: the functions, the ways to pack them, and how the page cache is emptied. The interpreter is the same everywhere,
the one that ships: what differs is the package and the runtime. How a start is timed is server.c's.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
import zipfile
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.build import CACHE, HERE, Start, pip, ric_for_shipped, run, shipped, shipped_python
from benchmarks.echoes import one_round
from benchmarks.page import Table, pinned
from benchmarks.report import quartile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TARGET = 0.6
CACHES = Path("/proc/sys/vm/drop_caches")
OURS, BARE, PIP = "built", "zipped without byte code", "zipped by pip"
SIDES = (BARE, PIP, OURS)
STATES = ("warm", "cold")
LINES = (
    "start of the process to first `next`, all by the interpreter that ships; what is zipped runs on awslambdaric",
    f"{BARE}: `pip install --target`, without `__pycache__`, as SAM and many plugins pack it, and our `make zip` did",
    f"{PIP}: with pip's byte code; how much of it counts, as the zip's times are in steps of 2 s, is chance",
    "nobody may write to a package, as in Lambda: without byte code that counts, a module is compiled at each start",
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
    """Measure the start of each function, packed each way, with its files in the page cache and without."""
    shipped()  # or there is nothing to measure with
    rows = [["imports", "page cache", *SIDES, *(f"of {side}" for side in SIDES[:-1])]]
    ratios: dict[str, list[float]] = {side: [] for side in SIDES[:-1]}
    with pinned():
        ric = ric_for_shipped()
        for function in FUNCTIONS:
            for how, times in one_function(function, rounds, ric).items():
                rows.append([function.name, how, *cells(times)])
                for side, found in ratios.items():
                    found.append(times[OURS] / times[side])
    dropped = "`drop_caches`" if os.access(CACHES, os.W_OK) else "`posix_fadvise` for each file"
    lines = [*LINES, f"cold: after {dropped}; {rounds} rounds, on one core: the lower quartile"]
    for side, every in ratios.items():
        met = f"{max(every):.2f}, {'met' if max(every) <= TARGET else 'NOT met'}"
        lines.append(f"target: each at most {TARGET} x {side}: {met}")
    return Table("The start of real functions", rows, lines)


def cells(times: Mapping[str, float]) -> list[str]:
    """Milliseconds by side, and what part of each ours is."""
    return [*(f"{times[side]:.0f} ms" for side in SIDES), *(f"{times[OURS] / times[side]:.2f}" for side in SIDES[:-1])]


def one_function(function: Function, rounds: int, ric: Path) -> dict[str, dict[str, float]]:
    """The lower quartile of the starts, in milliseconds, by state of the cache and side."""
    folder = CACHE / "starts" / function.name.replace(" ", "-")
    shutil.rmtree(folder, ignore_errors=True)
    archive = zipped_by_pip(function, folder)
    sides = {
        BARE: on_aws(ric, unpack(archive, folder / "bare", without="__pycache__")),
        PIP: on_aws(ric, unpack(archive, folder / "pip" / "task")),
        OURS: started(shipped(), unpack(built(function, folder), folder / "built" / "task")),
    }
    taken: dict[str, dict[str, list[float]]] = {how: {side: [] for side in SIDES} for how in STATES}
    for _, (how, found), side in product(range(rounds), taken.items(), SIDES):
        if how == "cold":
            empty_cache()
        found[side].append(first_next(sides[side]))
    return {how: {side: quartile(each) for side, each in found.items()} for how, found in taken.items()}


def first_next(start: Start) -> float:
    """How long one start takes, in milliseconds."""
    return one_round(start, 1, 0, starts=1).first_next_ms


def started(runtime: Start, task: Path) -> Start:
    """The *runtime* with the function in *task*."""
    # Root may write anywhere, and Lambda nobody: byte code that is out of date is made anew for each start.
    options = (("LAMBDA_TASK_ROOT", str(task)), ("PYTHONDONTWRITEBYTECODE", "1"))
    start = replace(runtime, options=(*runtime.options, *options), handler="app.handler")
    first_next(start)  # does it run at all?
    return start


def on_aws(ric: Path, task: Path) -> Start:
    """The function in *task* on AWS's runtime."""
    path = ("PYTHONPATH", f"{task}:{ric}")
    return started(Start((shipped_python(), "-m", "awslambdaric"), options=(path,)), task)


def sources(function: Function, folder: Path) -> Path:
    """A folder with the function, as people have it."""
    folder.mkdir(parents=True)
    (folder / "app.py").write_text(function.code)
    (folder / "requirements.txt").write_text(f"{function.requirement}\n")
    if function.services:
        (folder / "pyproject.toml").write_text(function.services)
    return folder


def zipped_by_pip(function: Function, folder: Path) -> Path:
    """Pack the function as most guides say: pip into a folder, the function beside it, and a zip of that."""
    package = sources(function, folder / "pip" / "package")
    pip("--target", package, "-r", package / "requirements.txt")
    return Path(shutil.make_archive(str(folder / "pip" / "function"), "zip", package))


def built(function: Function, folder: Path) -> Path:
    """Pack the function with `lambda-bootstrap build`."""
    source = sources(function, folder / "built" / "shop")
    wheels = HERE.parent / "build" / "interpreter" / Path(shipped().program[0]).parent.name
    archive = folder / "built" / "function.zip"
    command = (sys.executable, "-m", "lambda_bootstrap_dev", "build", "zip", "app.handler", "--bare")
    path = ":".join(str(HERE.parent / name) for name in ("runtime", "dev"))
    run((*command, "--find-links", wheels, "--output", archive), source, {**os.environ, "PYTHONPATH": path})
    return archive


def unpack(archive: Path, folder: Path, without: str = "/") -> Path:
    """Unpack as Lambda does, *without* the folders of a name: with the zip's times, and nobody may write."""
    with zipfile.ZipFile(archive) as file:
        for entry in (each for each in file.infolist() if without not in Path(each.filename).parts):
            path = Path(file.extract(entry, folder))
            moment = time.mktime((*entry.date_time, 0, 0, -1))
            os.utime(path, (moment, moment))
    for path in folder.rglob("*"):
        path.chmod(0o555)
    return folder


def empty_cache() -> None:
    """Have the kernel forget packages, runtimes and the interpreter; all of the files there are, where that may be."""
    if os.access(CACHES, os.W_OK):
        os.sync()
        CACHES.write_text("3")
        return
    for place in (CACHE / "starts", Path(shipped().program[0]).parent):
        forget([path for path in place.rglob("*") if path.is_file()])


def forget(files: Sequence[Path]) -> None:
    """Have the kernel forget what it has of each file."""
    for path in files:
        descriptor = os.open(path, os.O_RDONLY)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)
