"""
The images: of a function, and of a runtime that others' functions run on, which `create-runtime-version` takes.

Owns: the folder that an image is built from, with its Dockerfile, and how the container engine is asked to.
Refuses to know: where packages and the interpreter come from, and how an image gets into a registry.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import BuildError
from . import archive, pack, report, sbom, tree
from .base import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from .base import Base
    from .pack import Stage
    from .plan import Plan
    from .report import Part

NAME = "lambda-bootstrap-runtime"
BASE = "debian:trixie-slim"
PLACE = "/var/runtime"
PLATFORMS = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}
PATIENCE = 20  # seconds, for an engine to say that it is there
# All that an earlier build may have left in the folder.
CONTENTS = ("Dockerfile", "runtime", "dependencies", "function")


@dataclass(frozen=True)
class Built:
    """The folder of an image, what the report says of it, and the image's name, if an engine has built it."""

    lines: tuple[str, ...]
    folder: Path
    tag: str = ""

    @property
    def result(self) -> str:
        """What there is to go on with."""
        return self.tag or str(self.folder)

    def for_machines(self) -> dict[str, Any]:
        """All of it as JSON has it."""
        return {"folder": str(self.folder), "image": self.tag or None, "report": list(self.lines)}


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
# What goes in comes from the lock, by way of the host, so that no build asks an index. A base's Python makes the byte
# code, in a stage that isn't shipped: no other has just its version. Some packages have templates that aren't Python.
STAGES = """\
FROM {base} AS build
COPY . /build
RUN python3 -m compileall -q --invalidation-mode unchecked-hash /build || true

FROM {base}
COPY --from=build /build/runtime /var/runtime
WORKDIR /var/task
"""
ENTRY_POINT = 'ENTRYPOINT ["python3", "/var/runtime/lambda_bootstrap/bootstrap"]\n'
DEBIANS_PYTHON = """\
FROM {base} AS python
RUN apt-get update && apt-get install --yes --no-install-recommends python3 && rm -rf /var/lib/apt/lists/*

"""
DEBIANS_PYTHON_BUILDKIT = """\
FROM {base} AS python
RUN --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \\
    apt-get update && apt-get install --yes --no-install-recommends python3

"""


def build_runtime(
    plan: Plan, scratch: Path, progress: Callable[[str], None], *, base: str = BASE, tag: str = ""
) -> Built:
    """
    Write the folder of a runtime's image, and build it if an engine answers.

    Raises:
        BuildError: it cannot be built.
    """
    found, root = pack.get_tree(plan, scratch, progress, lends=True)
    pack.tree_code(plan, root, PLACE, progress)
    bill = sbom.document(NAME, "", [root / tree.LENDS], found.bill())
    folder = plan.order.output or plan.output(NAME).with_suffix("")
    write(plan, folder, {"runtime": archive.listed(root)}, DOCKERFILE.format(base=base), bill)
    parts = pack.runtime_parts(root, found)
    return finish(plan, folder, tag or f"{NAME}:{plan.target.arch}", base, parts, (), progress)


def build_image(
    plan: Plan, scratch: Path, progress: Callable[[str], None], *, base: Base | None = None, tag: str = ""
) -> Built:
    """
    Write the folder of a function's image, and build it if an engine answers.

    Without a *base* the image has our Python, on Debian.

    Raises:
        BuildError: it cannot be built.
    """
    stage = pack.stage_function(plan, scratch, progress)
    found, runtime, ours = None, scratch / "pure", list[report.Part]()
    if base is None:
        found, runtime = pack.get_tree(plan, scratch, progress)
        pack.tree_code(plan, runtime, PLACE, progress)
        ours = pack.runtime_parts(runtime, found)
    elif base.kind is not Kind.OURS:
        tree.stage_pure(runtime)
    if base is None or base.kind is Kind.OURS:
        python = pack.find_python(plan, runtime if found else None, scratch, progress)
        pack.compile_function(plan, stage, python, progress)
    folders = {"runtime": archive.listed(runtime), **split(stage)}
    folders = {name: files for name, files in folders.items() if files}
    folder = plan.order.output or plan.project.root / "dist" / f"{plan.project.name}-image-{plan.target.arch}"
    text = dockerfile(base, folders, plan.project.handler)
    write(plan, folder, folders, text, pack.bill_of(plan, stage, found))
    tag = tag or f"{repository(plan.project.name)}:{plan.target.arch}"
    parts = [*pack.function_parts(plan, stage), *ours]
    return finish(plan, folder, tag, base.image if base else BASE, parts, tuple(stage.warnings), progress)


def dockerfile(base: Base | None, folders: Iterable[str], handler: str | None) -> str:
    """
    The Dockerfile of a function's image; *folders* are what there is to copy.

    Dependencies have a layer of their own, below the function's: that is all that a change of its code makes anew.
    """
    source, task, entry = "", "./", ""
    if base is None:
        text = DOCKERFILE.format(base=BASE)
    elif base.kind is Kind.OURS:
        text, task = f"FROM {base.image}\n", "${LAMBDA_TASK_ROOT}/"
    elif base.kind is Kind.DEBIAN:
        first = DEBIANS_PYTHON_BUILDKIT if has_buildkit() else DEBIANS_PYTHON
        text, source, entry = (
            first.format(base=base.image) + STAGES.format(base="python"),
            "--from=build /build/",
            ENTRY_POINT,
        )
    else:
        text, source, entry = STAGES.format(base=base.image), "--from=build /build/", ENTRY_POINT
    copies = [f"COPY {source}{name} {task}\n" for name in ("dependencies", "function") if name in folders]
    return "".join([text, *copies, entry, f"CMD {json.dumps([handler])}\n" if handler else ""])


def split(stage: Stage) -> dict[str, archive.Files]:
    """The staged files, the function's own apart from the others, each with its byte code."""
    found: dict[str, archive.Files] = {"dependencies": {}, "function": {}}
    for name, part in archive.listed(stage.folder).items():
        module = re.sub(r"__pycache__/([^/]+?)\.[^/]+\.pyc$", r"\1.py", name)
        found["function" if module in stage.own else "dependencies"][name] = part
    return found


def repository(name: str) -> str:
    """A name as registries take it."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "function"


def write(plan: Plan, folder: Path, folders: dict[str, archive.Files], dockerfile: str, bill: str) -> None:
    """
    Fill *folder*, in place of what an earlier build has left there, and put the bill of materials beside it.

    Raises:
        BuildError: it cannot be written, is somebody else's, or would have machine code for another architecture.
    """
    for files in folders.values():
        archive.check(files, plan.target.arch)
    if folder.exists() and not (folder.is_dir() and {path.name for path in folder.iterdir()} <= {*CONTENTS}):
        raise BuildError(f"--output is {folder}, which has other files than an image's: name another folder")
    try:
        shutil.rmtree(folder, ignore_errors=True)
        for name, files in folders.items():
            archive.fill(folder / name, files)
        for path in (folder, *folder.rglob("*")):
            if path.is_dir():
                path.chmod(0o755)  # whatever the umask: Lambda runs functions as a user of its own
        (folder / "Dockerfile").write_text(dockerfile, encoding="utf-8")
        folder.with_name(f"{folder.name}.cdx.json").write_text(bill, encoding="utf-8")
    except OSError as error:
        raise BuildError(f"{folder} cannot be written: {error.strerror}") from error


def finish(  # noqa: PLR0913, PLR0917 - the last step takes what the others have made
    plan: Plan,
    folder: Path,
    tag: str,
    base: str,
    parts: list[Part],
    warnings: tuple[str, ...],
    progress: Callable[[str], None],
) -> Built:
    """Have the engine build the folder, if it answers."""
    contents = ", ".join(f"{name}/" for name in CONTENTS[1:] if (folder / name).is_dir())
    lines = [f"{folder}: Dockerfile, {contents}", *map(report.row, parts), *warnings]
    command = [*("docker", "build", "--platform", PLATFORMS[plan.target.arch], "--tag", tag), str(folder)]
    if not engine_answers():
        lines.append(f"warning: no container engine answers; where one does: {' '.join(command)}")
        return Built(tuple(lines), folder)
    progress(f"building {tag}")
    run(command)
    return Built((*lines, f"{tag}: on {base}, for {PLATFORMS[plan.target.arch]}"), folder, tag)


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


def has_buildkit() -> bool:
    """Whether the engine's client builds with BuildKit, which alone knows mounts."""
    if asked := os.environ.get("DOCKER_BUILDKIT"):
        return asked.lower() in {"1", "t", "true"}
    program = shutil.which("docker")
    return (
        program is not None
        and subprocess.run([program, "buildx", "version"], capture_output=True, check=False).returncode == 0
    )


def run(command: list[str]) -> None:
    """
    Have the engine build; BuildKit without the attestations that Lambda refuses.

    Raises:
        BuildError: the engine cannot build it; with the line that it calls an error, else its last one.
    """
    environ = {**os.environ, "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
    done = subprocess.run(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode != 0:
        said = [line.strip() for line in done.stdout.splitlines() if line.strip()] or ["it says nothing"]
        reason = next((line for line in said if line.startswith("ERROR: ")), said[-1])
        raise BuildError(f"{' '.join(command)} failed: {reason.removeprefix('ERROR: ')}")
