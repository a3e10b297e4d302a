"""
`lambda-bootstrap serve` in a process of its own.

Owns the process, what it says, and its end. Refuses to know what is asserted about it.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

SERVE = [sys.executable, "-m", "lambda_bootstrap_dev", "serve"]
PATIENCE = 30.0


class Served:
    """A sitting of `serve` in a folder; use it in a `with` block, which begins when all ports are open."""

    def __init__(self, folder: Path, *words: str, environ: dict[str, str] | None = None) -> None:
        self.folder = folder
        self._said: list[bytes] = []
        self._process = subprocess.Popen(
            [*SERVE, "--port", "0", "--python", sys.executable, *words],
            cwd=folder,
            env=os.environ | (environ or {}),
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stderr
        for line in self._process.stderr:
            self._said.append(line)

    def __enter__(self) -> Self:
        try:
            self.wait_for(r"ready: ")
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._process.send_signal(signal.SIGTERM)
        self.status = self._process.wait(PATIENCE)
        self._reader.join()
        assert self._process.stderr
        self._process.stderr.close()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def said(self) -> str:
        """What has been printed."""
        return b"".join(self._said).decode()

    def wait_for(self, pattern: str, count: int = 1) -> str:
        """Wait until something has been printed *count* times; return its first group, or the whole."""
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            found = list(re.finditer(pattern, self.said))
            if len(found) >= count:
                return found[count - 1][1] if found[count - 1].groups() else found[count - 1][0]
            if self._process.poll() is not None:
                time.sleep(0.1)
                break
            time.sleep(0.005)
        raise AssertionError(f"{pattern!r} isn't there {count} times:\n{self.said}")

    @property
    def authority(self) -> str:
        """Where functions are invoked."""
        return self.wait_for(r"http://([\w.:]+)/2015-03-31/")

    def url(self, number: int = 1) -> str:
        """Host and port of a Function URL, counted from 1."""
        return self.wait_for(r"Function URL at http://([\w.:]+)/", number)

    def invoke(self, event: object = None, name: str = "function", **headers: str) -> Any:
        """Invoke a function, and decode the answer."""
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        path = f"/2015-03-31/functions/{name}/invocations"
        return json.loads(self.request("POST", path, json.dumps(event).encode(), named)[2])

    def request(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        *,
        authority: str | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        """Send a request; return the status, the headers by names in lower case, and the body."""
        connection = http.client.HTTPConnection(authority or self.authority, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()


@contextmanager
def serve_project(folder: Path, app: str, pyproject: str, *words: str) -> Iterator[Served]:
    """Serve the functions of a project that has these texts as app.py and pyproject.toml."""
    (folder / "app.py").write_text(app)
    (folder / "pyproject.toml").write_text(pyproject)
    with Served(folder, *words) as served:
        yield served
