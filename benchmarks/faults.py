"""
Faults: workers are killed at random under load, answers are late, polls are refused, the log's socket goes away.

Owns what goes wrong, and what must hold all the same: each invocation whose worker lives is answered exactly once, and
at the end there are as many processes and descriptors as before, and no more memory.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.build import ours
from benchmarks.instances import Instances, running
from benchmarks.page import Table

if TYPE_CHECKING:
    from benchmarks.build import Start
    from benchmarks.instances import Peer

SECONDS = 60.0  # of load and faults
WORKERS, TASKS = 8, 64  # invocations at once
NAP = b'{"seconds": 0.05}'
BETWEEN = (0.2, 1.0)  # seconds from one death to the next
REFUSED, LATE = 0.02, 0.1  # shares of polls and of answers
LATEST = 0.5  # seconds
SETTLE = 20.0  # seconds until a dead worker's place is taken, at the latest
SLACK = 1.25  # times the memory before: a copied page is not given back
SORRY = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"


class Faulty(Instances):
    """A platform that is slow, and refuses polls."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.random = random.Random(seed)  # noqa: S311 - moments of faults
        self.is_well = False

    def take(self, peer: Peer, path: str, body: bytes) -> None:
        """As `Instances.take`, mostly."""
        if not self.is_well and path.endswith("/next") and self.random.random() < REFUSED:
            peer.send(SORRY)
        elif not self.is_well and self.random.random() < LATE and not path.endswith("/next"):
            asyncio.get_running_loop().call_later(self.random.random() * LATEST, super().take, peer, path, body)
        else:
            super().take(peer, path, body)


@dataclass(frozen=True)
class State:
    """What an environment has."""

    processes: int
    descriptors: tuple[int, int]  # of the first process, and the most of any other
    pss_mb: float

    @classmethod
    def of(cls, platform: Instances) -> State:
        """Look at an environment."""
        pids = platform.processes()
        first, *others = [len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids]
        return cls(len(pids), (first, max(others)), sum(platform.memory_mb("Pss")))


@dataclass(frozen=True)
class Outcome:
    """What became of a run."""

    killed: int
    answered: int
    lost: int
    twice: int  # answered more than once
    never: int  # not answered, though the worker lived
    before: State
    after: State

    @property
    def is_well(self) -> bool:
        """Whether all that must hold does."""
        is_flat = (
            self.before.processes == self.after.processes
            and self.before.descriptors == self.after.descriptors
            and self.after.pss_mb <= self.before.pss_mb * SLACK
        )
        return is_flat and not self.twice and not self.never and self.answered > self.killed > 0


async def run(start: Start, concurrency: int, seconds: float, seed: int = 7) -> Outcome:
    """Have an environment under load, and faults, for so many *seconds*."""
    with TemporaryDirectory() as folder:
        path = f"{folder}/log"
        writers: list[asyncio.StreamWriter] = []

        async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writers.append(writer)
            while await reader.read(1 << 16):
                pass
            writer.close()

        log = await asyncio.start_unix_server(swallow, path)
        environ = {"_LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET": path}
        async with running(start, concurrency, environ, Faulty(seed)) as platform:
            assert isinstance(platform, Faulty)  # noqa: S101 - as it was given
            await platform.wait_polls(concurrency)
            await asyncio.gather(*(ask(platform, 3) for _ in range(concurrency)))
            await platform.wait_polls(concurrency)
            before = State.of(platform)
            load = asyncio.gather(*(ask(platform) for _ in range(concurrency)))
            killed = await kill(platform, seconds / 2)
            log.close()
            for writer in writers:
                writer.transport.abort()
            killed += await kill(platform, seconds / 2)
            platform.is_well = True
            await load
            async with asyncio.timeout(SETTLE):
                await platform.wait_polls(concurrency)
            await asyncio.gather(*(ask(platform, 3) for _ in range(concurrency)))
            await platform.wait_polls(concurrency)
            await asyncio.sleep(0.5)
            counts = {name: platform.counts.get(name, 0) for name in platform.answers}
            return Outcome(
                killed,
                sum(map(bool, counts.values())),
                len(platform.lost),
                sum(count > 1 for count in counts.values()),
                sum(not count for name, count in counts.items() if name not in platform.lost),
                before,
                State.of(platform),
            )


async def ask(platform: Faulty, times: int | None = None) -> None:
    """Send an event after the other: so many, or until the faults are over."""
    while times != 0 and not (times is None and platform.is_well):
        try:
            await platform.invoke(NAP)
        except ConnectionResetError:  # its worker has been killed
            await asyncio.sleep(0.05)
        times = None if times is None else times - 1


async def kill(platform: Faulty, seconds: float) -> int:
    """Kill a worker now and then; return how many."""
    killed, end = 0, asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < end:
        await asyncio.sleep(platform.random.uniform(*BETWEEN))
        workers = platform.processes()[1:]
        if workers:
            os.kill(platform.random.choice(workers), signal.SIGKILL)
            killed += 1
    return killed


def measure(_rounds: int) -> Table:
    """Run a minute for worker processes, and one for tasks."""
    rows = [["", "killed", "answered", "lost with their worker", "not once", "processes", "descriptors", "memory"]]
    is_well = True
    for name, handler, concurrency in (
        (f"{WORKERS} workers", "naps.plain", WORKERS),
        (f"{TASKS} tasks", "naps.task", TASKS),
    ):
        found = asyncio.run(run(replace(ours(), handler=handler), concurrency, SECONDS))
        before, after = found.before, found.after
        rows.append(
            [
                *(name, str(found.killed), str(found.answered), str(found.lost), str(found.twice + found.never)),
                *(f"{before.processes}, {after.processes}", f"{before.descriptors}, {after.descriptors}"),
                f"{before.pss_mb:.0f}, {after.pss_mb:.0f} MB",
            ]
        )
        is_well = is_well and found.is_well
    verdict = "met" if is_well else "NOT met"
    lines = [
        f"{SECONDS:.0f} s of load each; workers are killed every {BETWEEN[0]} to {BETWEEN[1]} s",
        f"{REFUSED:.0%} of the polls are answered 502, {LATE:.0%} of the posts up to {LATEST} s late",
        "after half of the time, the log's socket is gone",
        "processes, descriptors of the first and the most of any other, and memory (PSS): before, and after",
        f"target: each invocation whose worker lives is answered once, and all is flat: {verdict}",
    ]
    return Table("Faults under load", rows, lines, is_well)
