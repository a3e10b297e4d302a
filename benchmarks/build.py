"""
What is measured: each peer as a command, and what must be built to have it. It knows nothing of times.

Interpreters are bare, one virtual environment for each set of packages: whatever else lies in site-packages, and
.pth files above all, would run before the peer does. Packages are copied from the environment that runs the
benchmark, where pip has checked their hashes; only Go fetches anything.
"""

from __future__ import annotations

import compileall
import os
import platform
import shutil
import subprocess
import venv
from dataclasses import dataclass, replace
from functools import partial
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.report import GO, NODE, OLD, OURS, RIC, SHIPPED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HERE = Path(__file__).parent
CACHE = HERE.parent / ".cache" / "bench"
ARCH = "arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64"
RIC_PACKAGES = "awslambdaric", "simplejson", "snapshot-restore-py"
GO_MODULE = "github.com/aws/aws-lambda-go@v1.47.0"


class UnavailableError(Exception):
    """Why a peer cannot be measured here, in one line."""


@dataclass(frozen=True)
class Start:
    """How to start a peer: a program, the folder of its interpreter, the runtime's options, and the function."""

    program: tuple[str | Path, ...]
    path: Path = CACHE
    options: tuple[tuple[str, str], ...] = ()
    handler: str = "echo.handler"

    @property
    def command(self) -> tuple[str | Path, ...]:
        """As an image's entry point and command: the handler is the last argument."""
        return *self.program, self.handler

    @property
    def environment(self) -> Mapping[str, str]:
        """All that the peer sees of the environment: as Lambda sets it, with the interpreter first on PATH."""
        return {
            "PATH": f"{self.path}:/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "LAMBDA_TASK_ROOT": str(HERE),
            "_HANDLER": self.handler,
            "AWS_REGION": "us-east-1",
            "AWS_LAMBDA_FUNCTION_NAME": "bench",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            **dict(self.options),
        }


def run(command: tuple[str | Path, ...], folder: Path = HERE, environment: Mapping[str, str] = os.environ) -> str:
    """What a command prints; UnavailableError with its last words when it cannot be started or fails."""
    try:
        done = subprocess.run(
            command, check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=folder, env=environment
        )
    except FileNotFoundError as error:
        raise UnavailableError(f"{command[0]} is not on PATH") from error
    except subprocess.CalledProcessError as error:
        words = error.stderr.strip().splitlines() or [f"exit status {error.returncode}"]
        raise UnavailableError(f"{Path(command[0]).name}: {words[-1]}") from error
    return done.stdout


def compiled(name: str) -> Path:
    """The program made of benchmarks/NAME.c, made anew when the source is newer."""
    source, program = HERE / f"{name}.c", CACHE / name
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        run(("gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", program, source))
    return program


def interpreter(*packages: str) -> Path:
    """The bin folder of a virtual environment with just these packages, byte-compiled."""
    folder = CACHE / "-".join(("python", *packages))
    venv.create(folder, clear=True, symlinks=True)
    [site] = folder.glob("lib/python*/site-packages")
    for package in packages:
        copy(package, site)
    compileall.compile_dir(site, quiet=1)
    return folder / "bin"


def copy(package: str, site: Path) -> None:
    """Copy an installed package's own files, programs and byte-code aside."""
    try:
        distribution = metadata.distribution(package)
    except metadata.PackageNotFoundError as error:
        raise UnavailableError(f"{package} is not installed; `make bench` installs it") from error
    for file in distribution.files or ():
        if ".." in file.parts or file.suffix == ".pyc":
            continue
        target = site / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(str(file.locate()), target)


def floor() -> Start:
    """The C program of floor.c."""
    return Start((compiled("floor"),))


def script(name: str, *packages: str) -> Start:
    """A bare loop from peers/."""
    return Start(("python3", HERE / "peers" / name), interpreter(*packages))


def ours(*packages: str, **options: str) -> Start:
    """The `bootstrap` of this checkout."""
    bootstrap = HERE.parent / "bootstrap"
    if not bootstrap.exists():
        raise UnavailableError("there is no ./bootstrap in this checkout")
    return Start((bootstrap,), interpreter(*packages), tuple(options.items()))


def shipped(**options: str) -> Start:
    """The tree that image, layer and zip carry, with the interpreter that is compiled here."""
    bootstrap = HERE.parent / "build" / "tree" / ARCH / "bootstrap"
    if not bootstrap.exists():
        raise UnavailableError("the interpreter isn't compiled: `make tree` does it")
    return Start((bootstrap,), options=tuple(options.items()))


def shipped_python() -> Path:
    """The interpreter in that tree."""
    return Path(shipped().program[0]).parent / "lambda-bootstrap" / "bin" / "python3"


def old() -> Start:
    """The `bootstrap` of the commit that OLD names: before and after, in one run."""
    commit = os.environ.get("OLD")
    if not commit:
        raise UnavailableError("`make bench OLD=commit` measures an older one of this runtime")
    folder = CACHE / f"old-{commit}"
    if not folder.exists():
        archive = f"{folder}.tar"
        run(("git", "archive", f"--output={archive}", commit, "bootstrap", "runtime"), HERE.parent)
        shutil.unpack_archive(archive, folder)
    return replace(ours(), program=(folder / "bootstrap",))


def bare(*, is_shipped: bool = False) -> Start:
    """An interpreter that does nothing."""
    if not is_shipped:
        return Start(("python3", "-c"), interpreter(), handler="pass")
    return Start((shipped_python(), "-S", "-c"), handler="pass")


def node() -> Start:
    """AWS's runtime for Node, in the folder that NODE names: `npm install aws-lambda-ric` in it."""
    folder = os.environ.get("NODE")
    if not folder:
        raise UnavailableError("`make bench NODE=folder` measures the aws-lambda-ric that npm has installed there")
    return Start(("node", Path(folder) / "node_modules" / "aws-lambda-ric" / "bin" / "index.mjs"))


def ric() -> Start:
    """AWS's own Python runtime, started as its manual says."""
    return Start(("python3", "-m", "awslambdaric"), interpreter(*RIC_PACKAGES))


def pip(*arguments: str | Path) -> None:
    """Run pip, of this environment, by the interpreter that ships."""
    package = Path(next(iter(getattr(find_spec("pip"), "submodule_search_locations", None) or ["pip"])))
    run((shipped_python(), package, "--quiet", "--disable-pip-version-check", "install", *arguments))


def ric_for_shipped() -> Path:
    """The folder with AWS's runtime and its byte code, for the interpreter that ships."""
    folder = CACHE / "awslambdaric"
    shutil.rmtree(folder, ignore_errors=True)
    locked = (f"{name}=={metadata.version(name)}" for name in RIC_PACKAGES)
    pip("--target", folder, "--no-deps", "--only-binary=:all:", *locked)
    return folder


def shipped_ric() -> Start:
    """AWS's own Python runtime, run by the interpreter that ships."""
    return Start((shipped_python(), "-m", "awslambdaric"), options=(("PYTHONPATH", str(ric_for_shipped())),))


def go() -> Start:
    """AWS's Go runtime, of a checkout that GO_SOURCE names, built with the tag that AWS recommends for images."""
    folder, source = CACHE / "go", os.environ.get("GO_SOURCE")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copy(HERE / "peers" / "echo.go", folder)
    name = GO_MODULE.partition("@")[0]
    local = ("mod", "edit", f"-replace={name}={source}", f"-require={name}@v1.0.0")
    found = local if source else ("get", GO_MODULE)
    for arguments in (("mod", "init", "echo"), found, ("build", "-tags", "lambda.norpc", "-o", "echo")):
        run(("go", *arguments), folder)
    return Start((folder / "echo",))


def logging(start: Start) -> Start:
    """The same, with the function that logs, in JSON."""
    options = ("AWS_LAMBDA_LOG_FORMAT", "JSON"), ("AWS_LAMBDA_LOG_LEVEL", "INFO")
    return replace(start, options=start.options + options, handler="logs.handler")


PEERS: Mapping[str, Callable[[], Start]] = {
    "C, the floor": floor,
    "bare Python loop on `_socket` and `json`": partial(script, "bare_socket.py"),
    OURS: ours,
    OLD: old,
    SHIPPED: shipped,
    f"{OURS} over urllib3": partial(ours, "urllib3", BOOTSTRAP_TRANSPORT="urllib3"),
    GO: go,
    RIC: ric,
    NODE: node,
    "bare `http.client` loop": partial(script, "bare_http.py"),
    "bare urllib3 loop": partial(script, "bare_urllib3.py", "urllib3"),
}
