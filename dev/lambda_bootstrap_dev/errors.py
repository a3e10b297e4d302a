"""
What a verb tells people in place of doing its work.

Owns: the two kinds of mistakes, and the exit status of each. A message is one line that says what happened, where, and
what to do.
Refuses to know: how it is printed.
"""

from __future__ import annotations


class UsageError(Exception):
    """Somebody's mistake on the command line."""

    status = 2


class BuildError(UsageError):
    """Why there is no package."""

    status = 1
