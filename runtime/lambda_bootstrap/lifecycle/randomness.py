"""
Random numbers in a process that has been copied.

Owns: which generators are seeded anew, so that no two copies draw the same numbers.
Refuses to know: who has copied the process: a snapshot, or a fork.

`secrets`, `uuid.uuid4` and `os.urandom` ask the kernel each time, and need nothing.
"""

from __future__ import annotations

from posix import urandom  # built in, which `os` is not
from sys import modules


def reseed() -> None:
    """Seed the global generators of what the function has imported: `random`, numpy and OpenSSL."""
    if "random" in modules:
        modules["random"].seed()
    if "numpy.random" in modules:
        modules["numpy.random"].seed()
    if "_ssl" in modules:
        modules["_ssl"].RAND_add(urandom(64), 64.0)
