"""Python's root logger, put back as it was."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, put back as it was."""
    logger = logging.getLogger()
    level, handlers = logger.level, logger.handlers[:]
    yield logger
    logger.setLevel(level)
    logger.handlers[:] = handlers


class WithoutPytest(list[logging.Handler]):
    """A logger's handlers, but for those that pytest adds when a test begins."""

    def append(self, handler: logging.Handler) -> None:
        """As `list`."""
        if type(handler).__module__ != "_pytest.logging":
            super().append(handler)


@pytest.fixture
def bare(root: logging.Logger) -> Iterator[logging.Logger]:
    """The root logger as a function finds it: without handlers, at WARNING; `logging.basicConfig` is put back."""
    saved, handlers = logging.basicConfig, root.handlers
    root.handlers = WithoutPytest()
    root.setLevel(logging.WARNING)
    yield root
    for handler in root.handlers:
        handler.close()
    root.handlers = handlers
    logging.basicConfig = saved
