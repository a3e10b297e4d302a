"""Damage that is done to a text or to bytes before somebody has to read them."""

from __future__ import annotations

from typing import AnyStr


def edited(data: AnyStr, edits: list[tuple[int, int, AnyStr]]) -> AnyStr:
    """*data* with some of it cut out and something else put in, edit by edit: where, how much of it, and what."""
    for at, gone, put in edits:
        place = at % (len(data) + 1)
        data = data[:place] + put + data[place + gone :]
    return data
