"""
The environment's variables, as `os.environ` has them.

Owns: how they are read and set without `os`, whose import takes longer than all of ours together.
Refuses to know: which variables there are, and what they mean.

`os.environ` is a view of `posix.environ`, and this is another: what one sets, the other has, whether the function
imports `os` before, afterwards, or never.
"""

from __future__ import annotations

from posix import environ as variables  # built in
from posix import putenv, unsetenv  # as above
from sys import getfilesystemencodeerrors, getfilesystemencoding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping

ENCODING, ERRORS = getfilesystemencoding(), getfilesystemencodeerrors()  # of variables, which are bytes (PEP 383)


class Environ:
    """As much of `os.environ` as the runtime uses; the methods are those of a mapping."""

    __slots__ = ()

    def __iter__(self) -> Iterator[str]:
        return (str(name, ENCODING, ERRORS) for name in tuple(variables))

    def __contains__(self, name: str) -> bool:
        return name.encode(ENCODING, ERRORS) in variables

    def __setitem__(self, name: str, value: str) -> None:
        key, data = name.encode(ENCODING, ERRORS), value.encode(ENCODING, ERRORS)
        putenv(key, data)
        variables[key] = data

    def get(self, name: str, default: str | None = None) -> str | None:
        """Return the value of a variable, or the *default* if it is not set."""
        value = variables.get(name.encode(ENCODING, ERRORS))
        return default if value is None else str(value, ENCODING, ERRORS)

    def setdefault(self, name: str, value: str) -> None:
        """Set a variable, unless it is set."""
        if name not in self:
            self[name] = value

    def pop(self, name: str, default: str | None = None) -> str | None:
        """Remove a variable; return its value, or the *default* if it is not set."""
        key = name.encode(ENCODING, ERRORS)
        value = variables.pop(key, None)
        if value is None:
            return default
        unsetenv(key)
        return str(value, ENCODING, ERRORS)


environ: MutableMapping[str, str] = Environ()  # type: ignore[assignment] # as much of one as is used
