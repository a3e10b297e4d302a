"""
How the invocations that may run at once are shared between processes.

Owns: how many processes there are.
Refuses to know: what a process does.
"""

from __future__ import annotations

from os import sched_getaffinity
from resource import RLIMIT_NOFILE, getrlimit, setrlimit

QUOTA = "/sys/fs/cgroup/cpu.max"  # of the control group: microseconds in a period, or "max"
OWN = 64  # descriptors that a process needs besides
EACH = 2  # descriptors for an invocation: its connection to the Runtime API, and one of the function's


def of_workers(count: int, most: int) -> list[int]:
    """Return the shares of *count* invocations where a process takes one: *most* processes."""
    return [1] * min(count, most)


def of_tasks(count: int) -> list[int]:
    """Return the shares of *count* invocations where each is a task: a process for each CPU, or for its descriptors."""
    processes = min(count, max(cpus(), -(-count // ((descriptors(count) - OWN) // EACH))))
    return [count // processes + (number < count % processes) for number in range(processes)]


def cpus() -> int:
    """Return how many CPUs there are for this environment."""
    there = len(sched_getaffinity(0))
    try:
        with open(QUOTA, encoding="ascii") as file:
            quota, period = file.read().split()
        return max(1, min(there, -(-int(quota) // int(period))))
    except (OSError, ValueError):
        return there


def descriptors(count: int) -> int:
    """Return how many a process may have, after having asked for as many as *count* invocations could need."""
    soft, hard = getrlimit(RLIMIT_NOFILE)
    wanted = OWN + EACH * count
    if soft < wanted:
        soft = min(wanted, hard)
        setrlimit(RLIMIT_NOFILE, (soft, hard))
    return soft
