"""Many invocations at once: what worker processes take beside awslambdaric's, and a thousand tasks of one function."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.build import UnavailableError, ours, ric
from benchmarks.instances import running
from benchmarks.page import Table
from benchmarks.report import OURS, RIC

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.build import Start

WORKERS, TASKS = 16, 1000
INVOCATIONS = 4000  # for the throughput
NAP = 1.0  # seconds
SHARE = 0.35  # of awslambdaric's: memory, and time
NAP_SECONDS, NAP_MB = 1.5, 60.0


@dataclass(frozen=True)
class Crowd:
    """What the workers of one runtime take."""

    pss_mb: float
    ready_s: float
    rate: float  # invocations a second


def measure(rounds: int) -> Table:
    """Measure what is the table's."""
    rounds = min(rounds, 3)
    starts, missing = {OURS: replace(ours(), handler="heavy.handler")}, []
    try:
        starts[RIC] = replace(ric(), handler="heavy.handler")
    except UnavailableError as error:
        missing.append(f"not measured: {RIC}: {error}")
    crowds: dict[str, list[Crowd]] = {name: [] for name in starts}
    naps: list[tuple[float, float, float]] = []
    for _ in range(rounds):
        for name, start in starts.items():
            crowds[name].append(asyncio.run(crowd(start)))
        naps.append(asyncio.run(nap(replace(ours(), handler="naps.handler"))))
    found = {name: typical(each) for name, each in crowds.items()}
    took, pss, rss = (min(column) for column in zip(*naps, strict=True))
    is_met = took <= NAP_SECONDS and pss <= NAP_MB
    figures = f"{took:.2f} s at {pss:.0f} MB, {'met' if is_met else 'NOT met'}"
    lines = [
        f"{WORKERS} workers of `benchmarks/heavy.py`, {INVOCATIONS} invocations, {rounds} rounds: medians",
        f"{TASKS} naps of {NAP:g} s at once, of `benchmarks/naps.py`: the best of {rounds} rounds",
        f"memory is the PSS of all processes of the environment; the largest of the naps has {rss:.0f} MB RSS",
        *verdicts(found),
        f"target: {TASKS} naps in {NAP_SECONDS} s at {NAP_MB:.0f} MB: {figures}",
        *missing,
    ]
    return Table("Many invocations at once", rows(found, took, pss), lines)


async def crowd(start: Start) -> Crowd:
    """Measure the workers of one start."""
    began = time.monotonic()
    async with running(start, WORKERS) as platform:
        await platform.wait_polls(WORKERS)
        ready = time.monotonic() - began
        numbers = iter(range(INVOCATIONS))

        async def ask() -> None:
            for number in numbers:
                endpoint, body = await platform.invoke(b'{"row": %d}' % (number * 37))
                if endpoint != "response" or json.loads(body)["words"][0] != "CUSTOMER":
                    raise UnavailableError(f"a wrong answer: {body!r}")

        began = time.monotonic()
        await asyncio.gather(*(ask() for _ in range(WORKERS)))
        rate = INVOCATIONS / (time.monotonic() - began)
        return Crowd(sum(platform.memory_mb("Pss")), ready, rate)


async def nap(start: Start) -> tuple[float, float, float]:
    """Measure naps that are all taken at once: seconds, PSS of all processes, RSS of the largest, in MB."""
    async with running(start, TASKS) as platform:
        await platform.wait_polls(TASKS)
        event = json.dumps({"seconds": NAP}).encode()
        await asyncio.gather(*(platform.invoke(event) for _ in range(TASKS)))
        await platform.wait_polls(TASKS)
        began = time.monotonic()
        await asyncio.gather(*(platform.invoke(event) for _ in range(TASKS)))
        took = time.monotonic() - began
        return took, sum(platform.memory_mb("Pss")), max(platform.memory_mb("Rss"))


def typical(crowds: Sequence[Crowd]) -> Crowd:
    """The medians of several rounds."""
    return Crowd(*(median(column) for column in zip(*((c.pss_mb, c.ready_s, c.rate) for c in crowds), strict=True)))


def rows(found: dict[str, Crowd], took: float, pss: float) -> list[list[str]]:
    """The table's cells."""
    head = ["", "memory (PSS)", "until all poll", "throughput"]
    crowds = [
        [f"{name}, {WORKERS} workers", f"{each.pss_mb:.0f} MB", f"{each.ready_s:.2f} s", f"{each.rate:.0f} /s"]
        for name, each in found.items()
    ]
    return [head, *crowds, [f"{OURS}, {TASKS} tasks", f"{pss:.0f} MB", "-", f"{TASKS / took:.0f} /s"]]


def verdicts(found: dict[str, Crowd]) -> list[str]:
    """A line for each target."""
    if RIC not in found:
        return ["targets: not measured"]
    mine, theirs = found[OURS], found[RIC]
    memory, ready, rate = mine.pss_mb / theirs.pss_mb, mine.ready_s / theirs.ready_s, mine.rate / theirs.rate
    return [
        f"target: memory at most {SHARE} x {RIC}'s: {memory:.2f}, {'met' if memory <= SHARE else 'NOT met'}",
        f"target: time until all poll at most {SHARE} x {RIC}'s: {ready:.2f}, {'met' if ready <= SHARE else 'NOT met'}",
        f"target: throughput at least {RIC}'s: {rate:.2f}, {'met' if rate >= 1 else 'NOT met'}",
    ]
