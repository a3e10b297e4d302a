"""
Instructions, which no neighbour on the machine changes: until the first event, and per invocation. Needs valgrind.

Owns how they are counted: runs of several lengths under callgrind, each ended by its function; their differences.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.build import HERE, UnavailableError, bare, old, ours, ric, shipped
from benchmarks.page import Table
from benchmarks.report import OLD, OURS, RIC, SHIPPED
from benchmarks.soak import ACCEPTED, Api

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.build import Start

FEW, MANY = 100, 300
PATIENCE = 300.0  # seconds: a start takes fifty times as long, and more beside others
EVENT = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-%012d"
    b"\r\nLambda-Runtime-Deadline-Ms: 4102444800000\r\nLambda-Runtime-Invoked-Function-Arn: "
    b"arn:aws:lambda:us-east-1:123456789012:function:bench\r\nLambda-Runtime-Trace-Id: Root=1-5bef4de7-%024d;"
    b"Parent=9a9197af755a6419;Sampled=1\r\nDate: Mon, 23 Nov 2026 00:00:00 GMT\r\nContent-Length: 18\r\n\r\n"
    b'{"hello": "world"}'
)
PEERS: Mapping[str, Callable[[], Start]] = {OURS: ours, OLD: old, SHIPPED: shipped, RIC: ric}
NOTHING: Mapping[str, Callable[[], Start]] = {
    "Python 3 alone": bare,
    "our interpreter alone": partial(bare, is_shipped=True),
}


def measure(_rounds: int) -> Table:
    """Count under every peer that can be had."""
    if not shutil.which("valgrind"):
        raise UnavailableError("valgrind is not on PATH")
    cells, missing = [["", "until the first answer", "per echo"]], []
    for name, build in {**NOTHING, **PEERS}.items():
        try:
            start = build()
            if name in NOTHING:
                cells.append([name, millions(counted(start, 0)), ""])
                continue
            start = replace(start, handler="counted.handler")
            counted(start, 1)  # it also byte-compiles what it imports
            first, few, many = (counted(start, length) for length in (1, FEW, MANY))
        except UnavailableError as error:
            missing.append(f"not measured: {name}: {error}")
            continue
        cells.append([name, millions(first), f"{(many - few) // (MANY - FEW):,}"])
    return Table(
        "Instructions",
        cells,
        ["counted by callgrind; the first row of each interpreter is a start that does nothing", *missing],
    )


def millions(number: int) -> str:
    """A number of instructions."""
    return f"{number / 1e6:.2f} M"


def counted(start: Start, invocations: int) -> int:
    """How many instructions a peer takes for so many invocations, its start included; of 0, to its end."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--trace-children=yes", *start.command]
    with Api(PATIENCE, lambda: process.poll() is not None) as api:
        environment = {
            **start.environment,
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.port}",
            "PYTHONHASHSEED": "0",
            "STOP": str(invocations),
        }
        pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        with subprocess.Popen(command, cwd=HERE, env=environment, text=True, **pipes) as process:  # type: ignore[call-overload] # which has no such overload
            try:
                for number in range(1, invocations + 1):
                    answer(api, number, is_last=number == invocations)
                _, words = process.communicate(timeout=PATIENCE)
            except (RuntimeError, subprocess.TimeoutExpired) as error:
                raise UnavailableError(str(error)) from error
            finally:
                process.kill()
    found = [line.split()[-1].replace(",", "") for line in words.splitlines() if "refs:" in line]
    if not found:
        raise UnavailableError(f"valgrind counted nothing: {words[-200:]}")
    return int(found[-1])


def answer(api: Api, number: int, *, is_last: bool) -> None:
    """Answer a poll, and take what is posted, unless it *is_last* and nothing comes."""
    connection, head, _ = api.receive()
    if not head.startswith("GET /2018-06-01/runtime/invocation/next "):
        raise UnavailableError(f"a poll was expected: {head[:200]}")
    connection.sendall(EVENT % (number, number))
    if not is_last:
        connection, head, _ = api.receive()
        if "/response " not in head:
            raise UnavailableError(f"a response was expected: {head[:200]}")
        connection.sendall(ACCEPTED)
