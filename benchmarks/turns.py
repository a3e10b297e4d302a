"""
Environments that are there at the same time and take turns, and what one takes as a multiple of another.

Owns: that order, and environments of server.c that take turns. What is compared, and how it reads, are its callers'.

A turn of all takes a moment, in which the machine is as fast for one as for the others. Environments that ran one after
the other had the same ratio at 0.99 and at 1.59.
"""

from __future__ import annotations

import json
import subprocess
from contextlib import ExitStack, contextmanager
from statistics import median
from typing import TYPE_CHECKING, TypeVar

from benchmarks.build import HERE, UnavailableError, compiled
from benchmarks.report import Figures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from benchmarks.build import Start

    Turn = TypeVar("Turn")


def taken(environments: Mapping[str, AbstractContextManager[Callable[[], Turn]]], turns: int) -> dict[str, list[Turn]]:
    """By environment, what each of the *turns* was; entering an environment gives what takes a turn of it."""
    with ExitStack() as stack:
        takers = {name: stack.enter_context(each) for name, each in environments.items()}
        found: dict[str, list[Turn]] = {name: [] for name in takers}
        for _ in range(turns):
            for name, take in takers.items():
                found[name].append(take())
    return found


def ratio(values: Iterable[float], others: Iterable[float]) -> float:
    """What *values* are as a multiple of *others*: the median of all turns."""
    return median(value / other for value, other in zip(values, others, strict=True))


@contextmanager
def environment(
    start: Start, invocations: int, event: str = "-", *, is_error: bool = False
) -> Iterator[Callable[[], Figures]]:
    """An environment with what takes a turn of so many *invocations*; it has taken one already, to be warm."""
    command = (compiled("server"), "1", "0", str(invocations), event, *start.command)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=HERE, env=start.environment, text=True, **pipes) as process:  # type: ignore[call-overload] # which has no such overload

        def figures() -> Figures:
            line = process.stdout.readline()
            if not line:
                raise UnavailableError(process.stderr.read().strip() or f"{start.handler} was not answered")
            found = json.loads(line)
            if found.pop("is_error") != is_error:
                raise UnavailableError(f"{start.handler} answered with {'a result' if is_error else 'an error'}")
            return Figures(**found)

        def take() -> Figures:
            process.stdin.write("\n")
            process.stdin.flush()
            return figures()

        figures()
        yield take
