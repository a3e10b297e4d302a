"""A text that misbehaves, for functions that raise or return it."""

import sys


class Evil(str):
    """A text that can do nothing but be written by C."""


def misbehave(*arguments, **named):
    sys.exit(9)


for name in dir(str):
    if callable(getattr(str, name)) and name not in {"__new__", "__init__", "__init_subclass__", "__hash__", "__class__"}:
        setattr(Evil, name, misbehave)
Evil.__str__ = Evil.__repr__ = lambda self: self
