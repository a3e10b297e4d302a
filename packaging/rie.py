"""
Fetch AWS's Runtime Interface Emulator for both architectures.

AWS publishes it inside the aws-sam-cli wheel, with its licence. Wheel and binaries are pinned by SHA-256. This module
knows where the binaries come from and nothing of how they are used.
"""

# ruff: noqa: INP001 -- a package called "packaging" would hide the one that pytest imports
from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

WHEEL = "aws-sam-cli==1.170.0 --hash=sha256:24ebaf5ecba38dc1758089968cb89ab61e124b84e92a344fc7a2771a47f4d0bf"
FOLDER = Path(__file__).parent.parent / ".cache" / "rie"
BINARIES = {
    "x86_64": "6b1e686e62ab2baf5759c412c4864276ef2a88b094fca53ec070637ccba9b9a5",
    "arm64": "ec2e5d09633d853834c008b1ef264bf834b258a94d551d2b2074966494b39a21",
}


def sha256(binary: bytes) -> str:
    """The digest as pinned above."""
    return hashlib.sha256(binary).hexdigest()


def present() -> bool:
    """Whether the licence and both binaries are there, and these are the pinned ones."""
    files = {FOLDER / f"aws-lambda-rie-{arch}": digest for arch, digest in BINARIES.items()}
    pinned = all(file.is_file() and sha256(file.read_bytes()) == digest for file, digest in files.items())
    return pinned and (FOLDER / "LICENSE").is_file()


def download(folder: Path) -> Path:
    """Have pip download the wheel into the folder, and hold it to its hash."""
    requirements = folder / "requirements.txt"
    requirements.write_text(WHEEL)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download"]
    options = ["--no-deps", "--require-hashes", "--only-binary=:all:", f"--dest={folder}"]
    subprocess.run([*pip, *options, f"--requirement={requirements}"], check=True)
    return next(folder.glob("*.whl"))


def unpack(wheel: Path) -> None:
    """Put licence and binaries of the wheel into FOLDER; refuse a binary that is not the pinned one."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        for arch, digest in BINARIES.items():
            binary = archive.read(f"samcli/local/rapid/aws-lambda-rie-{arch}")
            if sha256(binary) != digest:
                sys.exit(f"aws-lambda-rie-{arch} has SHA-256 {sha256(binary)}, pinned is {digest}")
            file = FOLDER / f"aws-lambda-rie-{arch}"
            file.write_bytes(binary)
            file.chmod(0o755)
        texts = [name for name in archive.namelist() if re.search(r"\.dist-info/licenses/(LICENSE|NOTICE)$", name)]
        licence = FOLDER / "LICENSE"
        licence.write_bytes(b"\n".join(archive.read(name) for name in sorted(texts)))
        licence.chmod(0o644)


if __name__ == "__main__" and not present():
    with tempfile.TemporaryDirectory() as scratch:
        unpack(download(Path(scratch)))
