"""A function that uses what an interpreter on a foreign system most likely lacks, and tells how it went."""

from __future__ import annotations

import ctypes
import importlib
import multiprocessing
import os
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

CERTIFICATES = Path("/certificates")  # of a server called "localhost"; its authority is in the system's store


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 -- Lambda gives both
    """Do what the event's keys name; give the results."""
    return {name: CHECKS[name]() for name in event}


def interpreter() -> dict[str, Any]:
    """Who we are."""
    return {"executable": sys.executable, "version": sys.version_info[:2], "wrapped": os.environ.get("WRAPPED")}


def wrapped() -> list[str]:
    """What the wrapper wrote: a line for each time it ran."""
    return Path("/tmp/wrapped").read_text().splitlines()  # noqa: S108 -- Lambda's one writable folder


def child() -> str:
    """A child process with the same interpreter."""
    code = "import ssl, sqlite3, zlib, sys; print(sys.executable)"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def tell(pipe: Connection) -> None:
    """What a process of multiprocessing runs."""
    pipe.send(os.getppid())


def fork() -> bool:
    """A process of multiprocessing and its pipe."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=tell, args=(theirs,))
    process.start()
    told = ours.recv()
    process.join()
    return bool(told == os.getpid())


def zone() -> str:
    """Noon in Berlin on a summer's day."""
    return datetime(2026, 7, 1, 12, tzinfo=UTC).astimezone(ZoneInfo("Europe/Berlin")).isoformat()


def database() -> list[Any]:
    """A query with full-text search."""
    connection = sqlite3.connect(":memory:")
    connection.execute("create virtual table t using fts5(words)")
    connection.execute("insert into t values ('a word in a row')")
    rows = connection.execute("select words from t where t match 'word'").fetchall()
    connection.close()
    return rows


def wheels() -> list[Any]:
    """Packages with machine code."""
    orjson = importlib.import_module("orjson")
    core = importlib.import_module("pydantic_core")
    return [orjson.loads(b"[1]"), core.SchemaValidator({"type": "int"}).validate_python("2")]


def tls() -> str:
    """A connection to a server that the system's store vouches for."""
    listener = socket.create_server(("127.0.0.1", 0))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / "server.pem", CERTIFICATES / "server.key")

    def serve() -> None:
        with context.wrap_socket(listener.accept()[0], server_side=True) as peer:
            peer.sendall(b"hello")

    server = threading.Thread(target=serve)
    server.start()
    client = ssl.create_default_context()
    plain = socket.create_connection(listener.getsockname())
    with listener, client.wrap_socket(plain, server_hostname="localhost") as secure:
        told = secure.recv(100).decode()
    server.join()
    return told


def authorities() -> bool:
    """Whether the default context knows authorities, though the system has none."""
    return len(ssl.create_default_context().get_ca_certs()) > 50  # browsers know about 140


def symbols() -> list[str]:
    """What another OpenSSL, zlib or SQLite in this process would find in place of its own."""
    names = ("SSL_new", "AES_encrypt", "CRYPTO_memcmp", "deflate", "sqlite3_open", "ffi_call", "BZ2_bzRead")
    process = ctypes.CDLL(None)
    return [name for name in names if hasattr(process, name)]


CHECKS = {
    check.__name__: check
    for check in (interpreter, wrapped, child, fork, zone, database, wheels, tls, authorities, symbols)
}
