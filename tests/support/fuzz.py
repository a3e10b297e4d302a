"""
What has to hold of the HTTP parser for any bytes whatever, and a fuzzer that looks for bytes for which it does not.

Owns: the property. `tests/test_fuzz.py` holds it for hypothesis's bytes and for those that are kept in tests/corpus.
Refuses to know: where the bytes come from.

`make fuzz` lets atheris look: it starts from the corpus, keeps what it finds in .cache/corpus, and stops at the first
bytes that break the property.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path
from typing import Any

import h11

ROOT = Path(__file__).parents[2]
if __name__ == "__main__":
    sys.path[0] = str(ROOT / "runtime")  # where a program has its own folder

from lambda_bootstrap.errors import RuntimeApiError  # noqa: E402
from lambda_bootstrap.http1 import Reader, whole  # noqa: E402

CORPUS = ROOT / "tests" / "corpus"
FOUND = ROOT / ".cache" / "corpus"
REFUSED = "refused"


def outcome(data: bytes, step: int) -> Any:
    """What the reader makes of *data* in pieces of *step* bytes, and then of the end: a value, or a refusal."""
    reader = Reader()
    response = None
    try:
        for at in range(0, len(data), step):
            response = reader.feed(data[at : at + step])
            if response is not None:
                break
        response = response or reader.end()
    except RuntimeApiError as error:
        return REFUSED if "\n" not in str(error) else str(error)
    return response.status, response.headers, response.body


def outcome_at_once(data: bytes) -> Any:
    """What *data* is if it needs no reader: a value, a refusal, or None."""
    try:
        response = whole(data)
    except RuntimeApiError as error:
        return REFUSED if "\n" not in str(error) else str(error)
    return None if response is None else (response.status, response.headers, response.body)


def second_opinion(data: bytes) -> Any:
    """Status and body as h11 has them; it is stricter than anybody has to be."""
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=1 << 20)
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "h")]))
    connection.send(h11.EndOfMessage())
    status, body = 0, b""
    try:
        connection.receive_data(data)
        connection.receive_data(b"")
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                return status, body
            elif not isinstance(event, h11.InformationalResponse):
                return REFUSED
    except h11.RemoteProtocolError:
        return REFUSED


def check(data: bytes) -> None:
    """
    Hold the property for *data*.

    It is one response or one kind of exception, the same however it is cut, and if it is taken at once; and where h11
    takes it too, the same to h11.
    """
    found = outcome(data, max(1, len(data)))
    for step in (1, 2 + len(data) % 7):
        assert outcome(data, step) == found
    assert outcome_at_once(data) in (None, found)
    if found == REFUSED:
        return
    status, headers, body = found
    assert 200 <= status <= 999
    assert all(name == name.lower() for name in headers)
    other = second_opinion(data)
    assert other in (REFUSED, (status, body)), f"h11 has {other}"


def main() -> None:
    """Look for bytes that break the property, until the time is up; the exit status is libFuzzer's."""
    parser = argparse.ArgumentParser(description="Fuzz the HTTP parser.")
    parser.add_argument("--minutes", type=float, default=10, help="for how long (%(default)s)")
    seconds = int(parser.parse_args().minutes * 60)
    atheris = importlib.import_module("atheris")
    FOUND.mkdir(parents=True, exist_ok=True)
    options = [
        f"-max_total_time={seconds}",
        "-max_len=2048",
        f"-artifact_prefix={FOUND.parent}/",
        "-print_final_stats=1",
    ]
    atheris.instrument_all()
    atheris.Setup([sys.argv[0], *options, str(FOUND), str(CORPUS)], check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
