"""
Sample events: one file for each source, as its service sends it.

Owns: their names, and which names are near one that doesn't exist.
Refuses to know: what a function does with an event.
"""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from ..errors import UsageError

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """The names of all samples."""
    return sorted(file.stem for file in FOLDER.glob("*.json"))


def is_sample(name: str) -> bool:
    """Whether there is a sample of this name."""
    return name in names()


def near(name: str) -> list[str]:
    """The samples that may be meant by a name, the likeliest first: of the same family, then of a similar spelling."""
    family = [known for known in names() if name.lower() in known]
    return list(dict.fromkeys([*family, *get_close_matches(name.lower(), names(), n=3, cutoff=0.5)]))


def suggest(name: str) -> str:
    """The samples near a name that doesn't exist, as the end of a sentence; all, if none is near."""
    close = near(name)
    return f"near it: {', '.join(close)}" if close else f"there are: {', '.join(names())}"


def read(name: str) -> bytes:
    """
    Read a sample.

    Raises:
        UsageError: there is none of this name.
    """
    if not is_sample(name):
        raise UsageError(f"there is no sample event {name!r}; {suggest(name)}")
    return (FOLDER / f"{name}.json").read_bytes()


def write(name: str, file: Path) -> None:
    """
    Write a sample to a new file.

    Raises:
        UsageError: there is no sample of this name, or the file is there, or cannot be written.
    """
    sample = read(name)
    try:
        with file.open("xb") as opened:
            opened.write(sample)
    except OSError as error:
        raise UsageError(f"cannot write {str(file)!r}: {error.strerror}") from error
