"""Its own syntax is right."""

from . import wrong
