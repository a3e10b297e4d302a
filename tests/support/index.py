"""
An index of packages on the loopback, and wheels to put into it.

Owns the wheels' form and the pages of the index. Refuses to know who asks for what.
"""

from __future__ import annotations

import base64
import hashlib
import threading
import zipfile
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


def write_wheel(  # noqa: PLR0913, PLR0917 - what a wheel has
    folder: Path,
    name: str,
    version: str = "1.0",
    files: dict[str, str | bytes] | None = None,
    requires: Sequence[str] = (),
    tag: str = "py3-none-any",
) -> Path:
    """Write a wheel into *folder*; without *files* it has a module of its name that knows its version."""
    info = f"{name}-{version}.dist-info"
    wheel = folder / f"{name}-{version}-{tag}.whl"
    asked = "".join(f"Requires-Dist: {each}\n" for each in requires)
    contents = files if files is not None else {f"{name}.py": f"VERSION = {version!r}\nTAG = {tag!r}\n"}
    contents |= {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{asked}",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    rows = [f"{path},,\n" for path in [*contents, f"{info}/RECORD"]]
    with zipfile.ZipFile(wheel, "w") as file:
        for path, text in {**contents, f"{info}/RECORD": "".join(rows)}.items():
            file.writestr(path, text)
    return wheel


def digest(file: Path) -> str:
    """A file's hash as locks write it."""
    return f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"


class Index:
    """The index of the wheels and sdists in a folder, and what it was asked for."""

    def __init__(self, folder: Path, password: str = "") -> None:
        self.folder = folder
        self.asked: list[str] = []
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                index.asked.append(self.path)
                wanted = f"Basic {base64.b64encode(f'user:{password}'.encode()).decode()}"
                if password and self.headers.get("Authorization") != wanted:
                    self.answer(401, b"")
                    return
                kind, _, name = self.path.strip("/").partition("/")
                files = index.files(name.strip("/"))
                if kind == "files" and (index.folder / name).is_file():
                    self.answer(200, (index.folder / name).read_bytes())
                elif kind == "simple" and files:
                    links = "".join(
                        f'<a href="/files/{file.name}#{digest(file).replace(":", "=")}">{file.name}</a>'
                        for file in files
                    )
                    self.answer(200, f"<!DOCTYPE html><html><body>{links}</body></html>".encode())
                else:
                    self.answer(404, b"")

            do_HEAD = do_GET  # noqa: N815 - http.server's

            def answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                if status == 401:
                    self.send_header("WWW-Authenticate", 'Basic realm="index"')
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.authority = f"127.0.0.1:{self.server.server_address[1]}"
        self.url = f"http://{self.authority}/simple"

    def files(self, name: str) -> list[Path]:
        """The files of one package."""
        files = [*self.folder.glob("*.whl"), *self.folder.glob("*.tar.gz")]
        return sorted(file for file in files if file.name.split("-")[0].lower().replace("_", "-") == name)

    def wheel(self, name: str, version: str = "1.0", **options: object) -> Path:
        """Add a wheel."""
        return write_wheel(self.folder, name, version, **options)  # type: ignore[arg-type] # as write_wheel has them

    def address(self, file: Path) -> str:
        """Where a file of the index is."""
        return f"http://{self.authority}/files/{file.name}"


@contextmanager
def serve(folder: Path, password: str = "") -> Iterator[Index]:
    """Serve an index of *folder*."""
    folder.mkdir(exist_ok=True)
    index = Index(folder, password)
    thread = threading.Thread(target=index.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield index
    finally:
        index.server.shutdown()
        thread.join()
        index.server.server_close()
