"""
The image of a runtime that others' functions run on, which `create-runtime-version` takes.

Owns: the folder that it is built from, with its Dockerfile, and how the container engine is asked to.
Refuses to know: where the interpreter comes from, and how an image gets into a registry.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from ..errors import BuildError
from . import archive, pack, report, sbom

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .plan import Plan

NAME = "lambda-bootstrap-runtime"
BASE = "debian:trixie-slim"
PLACE = "/var/runtime"
PLATFORMS = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}
PATIENCE = 20  # seconds, for an engine to say that it is there

# Nothing lies in /var/task or /opt: these are the function's and its layers'. Lambda gives the handler in _HANDLER, and
# starts the entry point or /var/runtime/bootstrap: they are the same.
DOCKERFILE = """\
FROM {base}
ENV LANG=C.UTF-8 \\
    TZ=:/etc/localtime \\
    PATH=/var/runtime/lambda-bootstrap/bin:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin:/opt/bin \\
    LD_LIBRARY_PATH=/lib/x86_64-linux-gnu:/lib/aarch64-linux-gnu:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib \\
    LAMBDA_TASK_ROOT=/var/task \\
    LAMBDA_RUNTIME_DIR=/var/runtime
COPY runtime /var/runtime
WORKDIR /var/task
ENTRYPOINT ["/var/runtime/bootstrap"]
"""  # noqa: E501 - a Dockerfile's line


def build_runtime(
    plan: Plan, scratch: Path, progress: Callable[[str], None], *, base: str = BASE, tag: str = ""
) -> tuple[list[str], str]:
    """
    Write the folder of a runtime's image, and build it if an engine answers; return the report's lines and the result.

    The result is the image's name, or the folder where there is no engine.

    Raises:
        BuildError: it cannot be built.
    """
    found, root = pack.get_tree(plan, scratch, progress)
    pack.tree_code(plan, root, PLACE, progress)
    files = archive.listed(root)
    archive.check(files, plan.target.arch)
    folder = plan.order.output or plan.output(NAME).with_suffix("")
    bill = sbom.document(NAME, "", [root], found.bill())
    write(folder, root, DOCKERFILE.format(base=base), bill)
    tag = tag or f"{NAME}:{plan.target.arch}"
    lines = [f"{folder}: Dockerfile, runtime/", *map(report.row, pack.runtime_parts(root, found))]
    command = [*("docker", "build", "--platform", PLATFORMS[plan.target.arch], "--tag", tag), str(folder)]
    if not engine_answers():
        return [*lines, f"warning: no container engine answers; where one does: {' '.join(command)}"], str(folder)
    progress(f"building {tag}")
    run(command)
    return [*lines, f"{tag}: on {base}, for {PLATFORMS[plan.target.arch]}"], tag


def write(folder: Path, root: Path, dockerfile: str, bill: str) -> None:
    """
    Fill *folder*, in place of what an earlier build has left there, and put the bill of materials beside it.

    Raises:
        BuildError: it cannot be written, or is somebody else's.
    """
    if folder.exists() and {path.name for path in folder.iterdir()} - {"Dockerfile", "runtime"}:
        raise BuildError(f"--output is {folder}, which has other files than a runtime's: name another folder")
    try:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(root, folder / "runtime")
        (folder / "Dockerfile").write_text(dockerfile, encoding="utf-8")
        folder.with_name(f"{folder.name}.cdx.json").write_text(bill, encoding="utf-8")
    except OSError as error:
        raise BuildError(f"{folder} cannot be written: {error.strerror}") from error


def engine_answers() -> bool:
    """Whether there is a container engine to build with."""
    program = shutil.which("docker")
    if program is None:
        return False
    try:
        done = subprocess.run([program, "info"], capture_output=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def run(command: list[str]) -> None:
    """
    Have the engine build; BuildKit without the attestations that Lambda refuses.

    Raises:
        BuildError: the engine cannot build it; with its last line.
    """
    environ = {**os.environ, "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
    done = subprocess.run(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode != 0:
        said = [line for line in done.stdout.splitlines() if line.strip()]
        raise BuildError(f"{' '.join(command)} failed: {said[-1].strip() if said else 'it says nothing'}")
