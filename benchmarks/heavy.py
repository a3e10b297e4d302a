"""A function that imports 100 MB of modules and data, as those do that load tables or models."""

from __future__ import annotations

import asyncio
import concurrent.futures
import ctypes
import decimal
import email.mime.multipart
import http.server
import json
import logging.config
import multiprocessing.pool
import sqlite3
import unittest.mock
import xml.dom.minidom

MODULES = (
    *(asyncio, concurrent.futures, ctypes, decimal, email, http.server, logging, multiprocessing, sqlite3, unittest),
    xml,
)
ROW = '{{"id": {0}, "name": "customer {0}", "city": "somewhere {0}", "balance": {0}.5, "tags": ["a{0}", "b{0}"]}}'
TABLE = json.loads(f"[{','.join(map(ROW.format, range(120_000)))}]")


def handler(event, context):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, ARG001 - as most functions are
    """A row of the table, and what it says is looked at."""
    row = TABLE[event["row"] % len(TABLE)]
    return {"row": row, "words": [word.upper() for word in row["name"].split()]}
