"""
Pack the runtime tree as what AWS Lambda takes: a layer, or the zip of one function.

Owns: what lies where in the two archives, a function's dependencies, and that the same input gives the same bytes.
Refuses to know: what is in the tree (tree.py).
"""

# ruff: noqa: INP001 -- a package called "packaging" would hide the one that pytest imports
from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "build"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the first day that a zip can tell
MACHINES = {"x86_64": 62, "arm64": 183}  # e_machine of an ELF file: elf(5), EM_X86_64 and EM_AARCH64
# Lambda's own limits, in bytes. AWS Lambda Developer Guide, "Lambda quotas".
ZIPPED, UNZIPPED = 50 * 1024**2, 250 * 1024**2
NEVER = {"__pycache__", ".git", ".venv", ".aws-sam", ".terraform", "Dockerfile", ".dockerignore", ".DS_Store"}

# Layers are found along PATH, which ends with /opt/bin.
PYTHON = b"""#!/bin/sh
exec /opt/lambda-bootstrap/bin/python3 "$@"
"""


class PackagingError(Exception):
    """Why there is no package, in one line for whoever packs a function."""


def write(output: Path, files: dict[str, Path | bytes]) -> None:
    """Write a zip, or fill a folder; refuse what Lambda would."""
    unzipped = sum(len(part) if isinstance(part, bytes) else part.stat().st_size for part in files.values())
    if unzipped > UNZIPPED:
        raise PackagingError(f"{output.name} would unpack to {unzipped / 1024**2:.0f} MB: Lambda takes 250")
    if output.suffix != ".zip":
        fill(output, files)
        return
    compress(output, files)
    zipped = output.stat().st_size
    hint = "" if zipped <= ZIPPED else "; over 50 MB it has to be uploaded by way of S3"
    print(f"{output}: {zipped / 1e6:.1f} MB, unpacked {unzipped / 1e6:.1f} MB{hint}")


def executable(part: Path | bytes) -> bool:
    """Whether a file is a program; what is made here always is."""
    return isinstance(part, bytes) or bool(part.stat().st_mode & 0o100)


def content(part: Path | bytes) -> bytes:
    """A file's bytes."""
    return part if isinstance(part, bytes) else part.read_bytes()


def compress(archive: Path, files: dict[str, Path | bytes]) -> None:
    """Write a zip whose bytes depend on names, contents and modes only."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for name, part in sorted(files.items()):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100755 if executable(part) else 0o100644) << 16
            entry.create_system = 3  # Unix, or the modes do not count
            file.writestr(entry, content(part))


def fill(folder: Path, files: dict[str, Path | bytes]) -> None:
    """Put the files into a folder, as `sam build` wants them."""
    for name, part in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content(part))
        target.chmod(0o755 if executable(part) else 0o644)


def listed(folder: Path) -> dict[str, Path | bytes]:
    """The files of a folder under their names in the archive."""
    return {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}


def layer(arch: str, output: Path) -> None:
    """Pack the layer: it is unpacked into /opt."""
    write(output, listed(BUILD / "tree" / arch) | {"bin/python3": PYTHON})


def function(arch: str, folder: Path, glibc: str, output: Path) -> None:
    """Pack a function with the runtime: it is unpacked into /var/task."""
    if not folder.is_dir():
        raise PackagingError(f"FUNCTION is {folder}: there is no such folder")
    with tempfile.TemporaryDirectory() as scratch:
        packages = Path(scratch)
        install(folder, packages, arch, glibc)
        files = {name: path for name, path in listed(packages).items() if "__pycache__" not in name}
        files |= {name: path for name, path in listed(folder).items() if not NEVER & set(Path(name).parts)}
        check(files, arch)
        files |= listed(BUILD / "tree" / arch)
        write(output, files)


def install(folder: Path, packages: Path, arch: str, glibc: str) -> None:
    """Put the wheels of a function's requirements.txt, else of its pyproject.toml, into a folder."""
    listing = next((file for name in ("requirements.txt", "pyproject.toml") if (file := folder / name).is_file()), None)
    if listing is None:
        return
    if not re.fullmatch(r"2\.\d+", glibc):
        raise PackagingError(f"GLIBC is {glibc}: it has to be a version, 2.26 for provided.al2")
    machine = {"arm64": "aarch64"}.get(arch, arch)
    # uv knows 2.17 and everything from 2.28 on.
    manylinux = glibc if int(glibc.partition(".")[2]) >= 28 else "2.17"  # noqa: PLR2004
    platform = f"--python-platform={machine}-manylinux_{manylinux.replace('.', '_')}"
    uv = [str(Path(sys.executable).parent / "uv"), "pip", "install", "--quiet", "--no-config"]
    options = ["--only-binary=:all:", "--python-version=3.13", platform, f"--target={packages}"]
    command = [*uv, *options, "--requirement", listing.name]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        reason = re.sub(r"[^!-~]+", " ", done.stderr).strip()
        target = f"Python 3.13 on {arch} with glibc {glibc}"
        raise PackagingError(f"{listing} has no solution in wheels for {target}: {reason}")


def check(files: dict[str, Path | bytes], arch: str) -> None:
    """Refuse machine code of another architecture: it would fail on its first import, in Lambda."""
    for name, path in files.items():
        if isinstance(path, bytes):
            continue
        with path.open("rb") as file:
            head = file.read(20)
        if head[:4] == b"\x7fELF" and int.from_bytes(head[18:20], "little") != MACHINES[arch]:
            raise PackagingError(f"{name} is not for {arch}: bring the wheel for that one, or set ARCH")


def main() -> None:
    """Pack what the command line says."""
    parser = argparse.ArgumentParser(description="Pack the runtime as a layer, or with a function as a zip.")
    parser.add_argument("kind", choices=("layer", "function"))
    parser.add_argument("arch", choices=tuple(MACHINES))
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), help="the function's")
    parser.add_argument("--glibc", default="2.34", help="of the Lambda runtime: provided.al2023 has 2.34")
    parser.add_argument("--output", type=Path, help="another zip than build/NAME-ARCH.zip, or a folder to fill")
    options = parser.parse_args()
    os.umask(0o022)
    try:
        name = "lambda-bootstrap-layer" if options.kind == "layer" else options.folder.resolve().name
        output = options.output or Path("build") / f"{name}-{options.arch}.zip"
        if options.kind == "layer":
            layer(options.arch, output)
        else:
            function(options.arch, options.folder, options.glibc, output)
    except PackagingError as error:
        sys.exit(f"make: {error}")


if __name__ == "__main__":
    main()
