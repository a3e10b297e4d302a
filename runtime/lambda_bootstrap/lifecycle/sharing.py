"""
What the import of a function has left behind that no copy of its process may share.

Owns: whether the process can be forked now, and why not.
Refuses to know: who wants to fork it.

A fork copies memory and the descriptors, and of all threads the one that forks. So a thread that the function has
started would be missing in a copy, with its locks held perhaps, and two copies would talk over the same connection.

OpenBLAS, which numpy and scipy bring, is the exception: it ends its threads before a fork, and starts others when it
needs some (`pthread_atfork`). Its threads have no name of their own, and there are at most as many as processors, for
each copy of the library.
"""

from __future__ import annotations

from posix import getpid, listdir, readlink, sched_getaffinity  # built in, which `os` is not
from sys import modules

STANDARD = {"0", "1", "2"}
HARMLESS = ("/dev/null", "/dev/urandom", "/dev/random")


def descriptors() -> dict[str, str]:
    """
    Return what each descriptor of the process is open on.

    Raises:
        OSError: the system doesn't say.
    """
    found = {}
    for number in listdir("/proc/self/fd"):
        try:
            found[number] = readlink(f"/proc/self/fd/{number}")
        except OSError:  # the listing's own
            pass
    return found


def obstacle(before: dict[str, str]) -> str:
    """Return why the process cannot be forked, or "" if it can; *before* are the descriptors before the import."""
    try:
        return thread() or descriptor(before)
    except OSError as error:
        return f"nobody can say whether it has threads: {error}"


def thread() -> str:
    """Return which thread there is beside the main one, or ""."""
    known = modules["threading"].enumerate() if "threading" in modules else []
    by_id = {str(found.native_id): found.name for found in known if found.native_id is not None}
    own = str(getpid())
    unnamed = []
    for number in filter(own.__ne__, listdir("/proc/self/task")):
        name = name_of(number)
        if number in by_id:
            return f"it has started the thread {by_id[number]!r}"
        if name == name_of(own):
            unnamed.append(name)
        elif name:
            return f"it has started the thread {name!r}, in C"
    if len(unnamed) > allowed_threads():
        return f"it has started {len(unnamed)} threads, in C"
    return ""


def name_of(number: str) -> str:
    """Return the name of a thread by its number, or "" if it has ended."""
    try:
        with open(f"/proc/self/task/{number}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().rstrip("\n")
    except OSError:
        return ""


def allowed_threads() -> int:
    """Return how many threads OpenBLAS may have."""
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as file:
        libraries = {line.rpartition("/")[2] for line in file if "openblas" in line}
    return len(libraries) * (len(sched_getaffinity(0)) - 1)


def descriptor(before: dict[str, str]) -> str:
    """Return what has been opened since *before*, or ""."""
    for number, place in sorted(descriptors().items()):
        if number not in STANDARD and place not in HARMLESS and before.get(number) != place:
            what = "a socket" if place.startswith("socket:") else "a pipe" if place.startswith("pipe:") else place
            return f"it has left {what} open, descriptor {number}"
    return ""
