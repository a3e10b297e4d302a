"""
AWS's Runtime Interface Emulator on the host, with the checkout's bootstrap under it.

Owns the process, its address and its end. Refuses to know what is asserted about it.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import platform
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import urllib3

from tests.support import BOOTSTRAP, FUNCTIONS, ROOT

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

ARCH = "arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64"
RIE = ROOT / ".cache" / "rie" / f"aws-lambda-rie-{ARCH}"
COUNTER = itertools.count()
# Gives a command a folder as its own /opt; root of a user namespace may, where there are such.
UNSHARE = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", 'mount --bind "$0" /opt && exec "$@"']
# The same for Managed Instances: there AWS's emulator runs /opt/bootstrap alone, in /var/task and as another user, who
# has to find the interpreter though it may be in root's home. Only root may do all that.
INSTANCE = [
    *("unshare", "--mount", "--propagation", "private", "sh", "-ec"),
    """
    opt=$0 task=$1 python=$2; shift 2
    mount -t tmpfs -o mode=755 tmpfs /var
    mkdir /var/task /var/python
    mount --bind "$task" /var/task
    mount --bind "$opt" /opt
    home=~root
    case $python in "$home"/*)
        mount --bind "$python" /var/python
        mount -t tmpfs -o mode=755 tmpfs "$home"
        mkdir -p "$python"
        mount --bind /var/python "$python"
    esac
    exec "$@"
    """,
]


def post(url: str, payload: bytes, **headers: str) -> BaseHTTPResponse:
    """Invoke a function and wait for the answer; a header's underscores stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with urllib3.PoolManager(retries=False, timeout=30) as pool:
        return pool.request("POST", url, body=payload, headers=named)


def own_address() -> str:
    """A loopback address that nobody else uses: AWS's own ports are free there, and cannot be taken meanwhile."""
    process = os.getpid()
    return f"127.{1 + process % 254}.{process // 254 % 256}.{next(COUNTER) % 256}"


def members(session: int) -> list[int]:
    """The processes of a session. RIE puts the runtime into a process group of its own, but not out of the session."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(ProcessLookupError):
            if os.getsid(int(entry.name)) == session:
                found.append(int(entry.name))
    return found


class Emulator:
    """
    AWS's emulator on the host, with the checkout's bootstrap under it.

    It dies of two invocations at once, so `invoke` is not for threads, unless it plays Managed Instances, as it does
    where `AWS_LAMBDA_MAX_CONCURRENCY` is set. With *opt*, that folder is its /opt, and nobody else's: it looks for
    external extensions there, and on Managed Instances for `bootstrap`.
    """

    def __init__(self, handler: str, log: Path, environ: dict[str, str], opt: Path | None = None) -> None:
        self.host = own_address()
        self.log = log
        interpreters = str(Path(sys.executable).parent)
        inherited = {"PATH": f"{interpreters}:{os.environ['PATH']}", "LAMBDA_TASK_ROOT": str(FUNCTIONS)}
        addresses = [
            f"--runtime-api-address={self.host}:9001",
            f"--runtime-interface-emulator-address={self.host}:8080",
        ]
        # It never exits by itself: the limit is for the case that nobody is left to stop it.
        command = ["timeout", "--signal=KILL", "120", str(RIE), *addresses, str(BOOTSTRAP), handler]
        if opt is not None and "AWS_LAMBDA_MAX_CONCURRENCY" in environ:
            environ["_HANDLER"] = handler
            command = [*INSTANCE, str(opt), str(FUNCTIONS), sys.base_prefix, *command]
        elif opt is not None:
            command = [*UNSHARE, str(opt), *command]
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=FUNCTIONS,
                env=inherited | environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait(self) -> None:
        """Return once it listens."""
        for _ in range(100):
            with contextlib.suppress(ConnectionRefusedError), socket.create_connection((self.host, 8080)):
                return
            time.sleep(0.05)
        raise TimeoutError(f"aws-lambda-rie does not listen:\n{self.output}")

    @property
    def output(self) -> str:
        """What it and the function printed so far."""
        return self.log.read_text()

    def invoke(self, payload: bytes, **headers: str) -> BaseHTTPResponse:
        """Invoke the function and wait for the answer."""
        return post(f"http://{self.host}:8080/2015-03-31/functions/function/invocations", payload, **headers)

    def stop(self) -> None:
        """End it and whatever it started."""
        for pid in members(self.process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
