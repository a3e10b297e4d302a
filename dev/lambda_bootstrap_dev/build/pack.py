"""
The slow part: fetch, build, compile and write what a plan says.

Owns: the order of the steps, and what is whose in the package.
Refuses to know: how any step is done, and how progress is shown.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import BuildError
from . import archive, bytecode, code, function, interpreter, lock, report, sbom, services, tree, wheels

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .interpreter import Interpreter
    from .packages import Package
    from .plan import Plan
    from .report import Part, Report

TASK = "/var/task"
LAYER = "/opt"


@dataclass
class Stage:
    """A folder with the function as it will lie in Lambda, and what is known of it."""

    folder: Path
    own: set[str] = field(default_factory=set)  # names of the function's files; the others are dependencies'
    packages: int = 0
    before: int = 0  # the bytes of the dependencies before services were left out
    warnings: list[str] = field(default_factory=list)


def build_zip(plan: Plan, scratch: Path, progress: Callable[[str], None], *, bare: bool = False) -> Report:
    """
    Write a function's zip, with the runtime, or *bare*: for a layer or a runtime that has it.

    Raises:
        BuildError: it cannot be built.
    """
    stage = stage_function(plan, scratch, progress)
    found, root = (None, None) if bare else get_tree(plan, scratch, progress)
    compile_function(plan, stage, find_python(plan, root, scratch, progress), progress)
    if root:
        tree_code(plan, root, TASK, progress)
    files = archive.listed(stage.folder)
    parts = function_parts(plan, stage)
    if found and root:
        files = {**files, **archive.listed(root)}
        parts += runtime_parts(root, found)
    bill = bill_of(plan, stage, found)
    return finish(plan, plan.output(plan.project.name), files, parts, stage, bill, progress)


def function_parts(plan: Plan, stage: Stage) -> list[Part]:
    """The parts of a package that are the function's."""
    files = archive.listed(stage.folder)
    own = {name: part for name, part in files.items() if name in stage.own}
    code_ = {name: part for name, part in files.items() if name.endswith(".pyc")}
    parts = [
        report.Part("your code", archive.size(own), str(plan.project.folder)),
        report.Part(
            "dependencies",
            archive.size(files) - archive.size(own) - archive.size(code_),
            f"{stage.packages} package{'s' * (stage.packages != 1)} from {plan.lock}" if plan.lock.name else "none",
            stage.before,
        ),
    ]
    return [*parts, report.Part("byte code", archive.size(code_), f"Python {plan.target.python}")] if code_ else parts


def bill_of(plan: Plan, stage: Stage, found: Interpreter | None) -> str:
    """The bill of materials of a function, and of the interpreter that comes with it."""
    version = str(plan.project.metadata.get("version", ""))
    return sbom.document(plan.project.name, version, [stage.folder], found.bill() if found else "")


def build_layer(plan: Plan, scratch: Path, progress: Callable[[str], None]) -> Report:
    """
    Write the layer with the runtime, which is unpacked into /opt.

    Raises:
        BuildError: it cannot be built.
    """
    found, root = get_tree(plan, scratch, progress, lends=True)
    tree_code(plan, root, LAYER, progress)
    files = {**archive.listed(root), "bin/python3": tree.PYTHON_OF_LAYER}
    output = plan.output("lambda-bootstrap-layer")
    bill = sbom.document("lambda-bootstrap-layer", "", [root / tree.LENDS], found.bill())
    return finish(plan, output, files, runtime_parts(root, found), Stage(root), bill, progress)


def finish(  # noqa: PLR0913, PLR0917 - the last step takes what the others have made
    plan: Plan,
    output: Path,
    files: archive.Files,
    parts: Sequence[Part],
    stage: Stage,
    bill: str,
    progress: Callable[[str], None],
) -> Report:
    """Check the package, write it and its bill of materials, and return the report."""
    largest = report.largest(stage.folder)
    archive.check(files, plan.target.arch)
    report.check_size(output, archive.size(files), largest)
    progress(f"writing {output.name}")
    archive.write(output, files)
    if output.suffix == ".zip":
        output.with_suffix(".cdx.json").write_text(bill, encoding="utf-8")
    zipped = output.stat().st_size if output.suffix == ".zip" else 0
    return report.Report(output, tuple(parts), largest, zipped, tuple(stage.warnings))


def stage_function(plan: Plan, scratch: Path, progress: Callable[[str], None]) -> Stage:
    """Fill a folder with the function's code and its dependencies."""
    stage = Stage(scratch / "task")
    progress(f"reading {plan.lock}" if plan.lock.name else "no dependencies")
    found = lock.resolve(plan.project, plan.lock, plan.target, plan.uv, sources=plan.order.build_sdists)
    built = build_wheels(plan, found, scratch, progress)
    if found or built:
        progress(f"fetching {len(found)} packages")
    wheels.install(
        found,
        [*built],
        stage.folder,
        plan.target,
        plan.lock.name,
        plan.project.root,
        plan.uv,
        sources=plan.order.build_sdists,
    )
    stage.packages = len(found)
    dependencies = archive.listed(stage.folder)
    stage.own = set(own_files(plan, found)) | {name for wheel in built for name in built[wheel]}
    stage.before = archive.size({name: path for name, path in dependencies.items() if name not in stage.own})
    for name in dependencies:
        if plan.choice.leaves_out(name) and not plan.choice.names(name):
            (stage.folder / name).unlink()
    if plan.project.settings.services is not None:
        services.keep(stage.folder, plan.project.settings.services)
    for name, path in own_files(plan, found).items():
        target = stage.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    check_handler(plan, stage)
    return stage


def own_files(plan: Plan, found: Sequence[Package]) -> dict[str, Path]:
    """The files that are copied: none of a workspace's members within the folder, which go in as wheels."""
    folders = [package.folder for package in found if package.folder and package.folder != plan.project.root]
    return {
        name: path
        for name, path in plan.files.items()
        if not any(path.resolve().is_relative_to(folder) for folder in folders)
    }


def build_wheels(
    plan: Plan, found: Sequence[Package], scratch: Path, progress: Callable[[str], None]
) -> dict[Path, list[str]]:
    """Build wheels of the project and of the folders that it depends on; return the function's own files in each."""
    folders = [
        *(package.folder for package in found if package.folder),
        *([plan.project.root] if plan.is_built else []),
    ]
    place = scratch / "wheels"
    place.mkdir(exist_ok=True)
    built = {}
    for folder in dict.fromkeys(folders):
        progress(f"building {folder.name}")
        wheel = wheels.build(folder, place, plan.target, plan.project.root, plan.uv)
        unpacked = scratch / "look" / wheel.stem
        shutil.unpack_archive(wheel, unpacked, "zip")
        files = {name: path for name, path in archive.listed(unpacked).items() if isinstance(path, Path)}
        code.check_secrets(files, plan.choice)
        built[wheel] = [*files]
    return built


def check_handler(plan: Plan, stage: Stage) -> None:
    """Check that the handler's module has come in, with a wheel or a dependency."""
    handler = plan.project.handler
    if handler and function.find_module(stage.folder, handler) is None:
        top = handler.partition(".")[0]
        near = function.near(top, function.modules(stage.folder))
        hint = (
            f"did you mean {near!r}?" if near else "a wheel of the project has what its build backend is told to take"
        )
        raise BuildError(f"handler {handler!r}: there is no module {top!r} in the package; {hint}")


def get_tree(
    plan: Plan, scratch: Path, progress: Callable[[str], None], *, lends: bool = False
) -> tuple[Interpreter, Path]:
    """Get the interpreter, and fill a folder with it and the runtime, and with what that *lends* to many functions."""
    progress(f"getting Python {plan.target.python} for {plan.target.arch}")
    found = interpreter.find(plan.target, plan.folders, scratch, plan.uv)
    root = scratch / "tree"
    tree.stage(found, root)
    if lends:
        tree.lend(root, plan.target, plan.uv)
    return found, root


def find_python(plan: Plan, root: Path | None, scratch: Path, progress: Callable[[str], None]) -> Path | None:
    """
    Find the Python that makes the function's byte code.

    Without a tree of ours in *root*, the package has no interpreter: one that is here will do, and none has to.
    """
    if root is None:
        is_at_hand = interpreter.at_hand(plan.target, plan.folders) is not None
        if not is_at_hand and (python := bytecode.find_python(plan.target, None)):
            return python
        progress(f"getting Python {plan.target.python} for {plan.target.arch}")
        root = scratch / "tree"
        try:
            interpreter.find(plan.target, plan.folders, scratch, plan.uv).unpack(root)
        except BuildError:
            return None
    return bytecode.find_python(plan.target, root / tree.HOME / "bin" / "python3")


def compile_function(plan: Plan, stage: Stage, python: Path | None, progress: Callable[[str], None]) -> None:
    """Make byte code of the function and its dependencies."""
    progress("compiling byte code")
    if python is None:
        stage.warnings.append(
            f"warning: there is no Python {plan.target.python} here to compile byte code with, so the function starts "
            f"slower: uv python install {plan.target.python}"
        )
        return
    bytecode.compile_all(stage.folder, python, TASK)


def tree_code(plan: Plan, root: Path, place: str, progress: Callable[[str], None]) -> None:
    """Make byte code of the runtime, and of what it lends; the interpreter comes with its own."""
    progress("compiling the runtime")
    home = root / tree.HOME
    python = bytecode.find_python(plan.target, home / "bin" / "python3")
    for folder in (home / "runtime", root / tree.LENDS):
        if python is not None and folder.is_dir():
            bytecode.compile_all(folder, python, f"{place}/{folder.relative_to(root)}")


def runtime_parts(root: Path, found: Interpreter) -> list[Part]:
    """The parts of a package that are ours."""
    files = archive.listed(root)
    runtime, lent = (
        archive.size({name: part for name, part in files.items() if name.startswith(f"{folder}/")})
        for folder in (f"{tree.HOME}/runtime", tree.LENDS)
    )
    parts = [
        report.Part("runtime", runtime, "lambda-bootstrap"),
        report.Part("interpreter", archive.size(files) - runtime - lent, f"Python {found.version}"),
    ]
    return [*parts, report.Part("lent packages", lent, "structlog, urllib3")] if lent else parts
