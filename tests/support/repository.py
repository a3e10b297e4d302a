"""
What the tests of `lambda-bootstrap build` share: a user's repository, and the command.

Owns how the command is called and what it leaves. Refuses to know what is asserted about that.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambda_bootstrap_dev.testing import Emulator

from tests.support.interpreters import PYTHON
from tests.support.packages import unpack
from tests.support.wheels import NEEDED

if TYPE_CHECKING:
    from tests.support.index import Index

PROGRAM = [sys.executable, "-m", "lambda_bootstrap_dev", "build"]
# A build backend that needs nothing from an index: it packs src/, or the folder's own packages.
BACKEND = """\
import pathlib, tomllib, zipfile

def build_wheel(directory, config_settings=None, metadata_directory=None):
    project = tomllib.loads(pathlib.Path("pyproject.toml").read_text())["project"]
    name, version = project["name"].replace("-", "_"), project.get("version", "0")
    info = f"{name}-{version}.dist-info"
    needs = project.get("dependencies", []) if "dependencies" not in project.get("dynamic", []) else ["alpha"]
    root = pathlib.Path("src") if pathlib.Path("src").is_dir() else pathlib.Path(".")
    found = [*root.rglob("*.py"), *root.rglob("*.so"), *root.rglob(".env")]
    paths = [path for path in sorted(found) if path.name != "backend.py"]
    files = {str(path.relative_to(root)): path.read_bytes() for path in paths}
    asked = "".join(f"Requires-Dist: {need}\\n" for need in needs)
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n{asked}".encode()
    tag = project.get("description", "py3-none-any")
    files[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\\nGenerator: t\\nRoot-Is-Purelib: true\\nTag: {tag}\\n".encode()
    files[f"{info}/RECORD"] = "".join(f"{path},,\\n" for path in [*files, f"{info}/RECORD"]).encode()
    with zipfile.ZipFile(pathlib.Path(directory, f"{name}-{version}-{tag}.whl"), "w") as file:
        for path, content in files.items():
            file.writestr(path, content)
    return f"{name}-{version}-{tag}.whl"

build_editable = build_wheel

def build_sdist(directory, config_settings=None):
    raise NotImplementedError
"""
BUILD_SYSTEM = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
HANDLER = "def handler(event, context):\n    return {}\n"


@dataclass
class Repository:
    """A user's repository, and what `lambda-bootstrap build` makes of it."""

    root: Path
    index: Index
    interpreters: Path
    environ: dict[str, str] = field(default_factory=dict)

    def write(self, name: str, text: str | bytes = "") -> Path:
        """Write a file, with the folders that it lies in."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def package(self, folder: str, name: str, needs: str = "[]", more: str = "", **modules: str) -> Path:
        """Write a project with a build backend and modules in src/."""
        self.write(f"{folder}/backend.py", BACKEND)
        for module, text in (modules or {name: "NAME = __name__\n"}).items():
            self.write(f"{folder}/src/{module}/__init__.py", text)
        text = f'[project]\nname = "{name}"\nversion = "1.0"\ndependencies = {needs}\n{more}{BUILD_SYSTEM}'
        return self.write(f"{folder}/pyproject.toml", text).parent

    def sdist(self, name: str, **options: str) -> None:
        """Put a source distribution into the index."""
        folder = self.package(f"../{name}-1.0", name, **options)
        (folder / "PKG-INFO").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        with tarfile.open(self.index.folder / f"{name}-1.0.tar.gz", "w:gz") as file:
            file.add(folder, f"{name}-1.0")

    def uv(self, *arguments: str, folder: str = ".") -> None:
        """Run the user's uv."""
        program = str(Path(sys.executable).with_name("uv"))
        done = subprocess.run(
            [program, *arguments], cwd=self.root / folder, env=self.environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    def build(
        self, *arguments: str, folder: str = ".", kind: str = "zip", **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """Build."""
        python = [] if "--python" in arguments else ["--python", PYTHON]
        lent = ["--find-links", str(NEEDED)] if kind in {"layer", "runtime"} else []
        command = [*PROGRAM, kind, *arguments, *python, "--find-links", str(self.interpreters), *lent]
        return subprocess.run(
            command,
            cwd=self.root / folder,
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            check=False,
        )

    def built(self, *arguments: str, **options: Any) -> Path:
        """Build something that can be built; return the path that is printed."""
        done = self.build(*arguments, **options)
        assert done.returncode == 0, done.stderr
        return Path(done.stdout.strip())

    def refused(self, *arguments: str, status: int = 1, **options: Any) -> str:
        """Build something that cannot be built; return the one line that says why."""
        done = self.build(*arguments, **options)
        assert (done.returncode, done.stdout) == (status, ""), done.stderr
        (line,) = done.stderr.splitlines()
        prefix = f"lambda-bootstrap build {options.get('kind', 'zip')}: "
        assert line.startswith(prefix)
        return line.removeprefix(prefix)

    def answer(self, package: Path, handler: str, event: Any = None) -> Any:
        """Run a zip that has the runtime, where it is unpacked, and send it an event."""
        task = unpack(package, self.interpreters.parent / "task")
        with Emulator(
            [task / "bootstrap"], cwd=task, handler=handler, environ={"PATH": os.environ["PATH"]}
        ) as emulator:
            return emulator.invoke(json.dumps(event).encode()).json()


def names(package: Path) -> set[str]:
    """The files in a zip, without byte code and the runtime's."""
    with zipfile.ZipFile(package) as file:
        return {
            name
            for name in file.namelist()
            if not name.startswith("lambda-bootstrap/") and name != "bootstrap" and not name.endswith(".pyc")
        }
