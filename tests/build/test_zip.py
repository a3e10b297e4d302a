"""`lambda-bootstrap build zip` and `layer`: what is in the packages, and that they run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest
from lambda_bootstrap_dev.testing import Emulator

from tests.support.interpreters import PYTHON
from tests.support.packages import unpack
from tests.support.repository import PROGRAM, names
from tests.support.rie import ARCH

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repository import Repository

USES_ALPHA = "import alpha\n\n\ndef handler(event, context):\n    return [alpha.VERSION, event]\n"
PROJECT = """\
[project]
name = "shop"
version = "1.0"
requires-python = ">=3.11"
dependencies = ["alpha<2"]
"""


class TestRuns:
    """What is built answers."""

    def test_requirements(self, repository: Repository) -> None:
        """A folder with a function and requirements.txt becomes a zip that runs, in dist/ beside it."""
        repository.write("app.py", USES_ALPHA)
        repository.write("requirements.txt", "alpha==1.0\n")
        package = repository.built("app.handler")

        assert package == repository.root / "dist" / f"shop-{ARCH}.zip"
        assert repository.answer(package, "app.handler", 7) == ["1.0", 7]

    def test_pyproject(self, repository: Repository) -> None:
        """A flat folder with a pyproject.toml is copied, with what that asks for."""
        repository.write("app.py", USES_ALPHA)
        repository.write("pyproject.toml", PROJECT)
        package = repository.built("app.handler")

        assert {"app.py", "pyproject.toml", "alpha.py"} <= names(package)
        assert repository.answer(package, "app.handler") == ["1.0", None]

    def test_source_layout(self, repository: Repository) -> None:
        """A project with a build backend goes in as its wheel: its package is at the root, its tests stay at home."""
        repository.package(".", "shop", '["alpha"]', shop=USES_ALPHA)
        repository.write("tests/test_shop.py")
        package = repository.built("shop.handler")

        assert {"shop/__init__.py", "shop-1.0.dist-info/METADATA", "alpha.py"} <= names(package)
        assert [name for name in names(package) if name.startswith(("src", "tests"))] == []
        assert repository.answer(package, "shop.handler") == ["2.0", None]

    def test_source_folder(self, repository: Repository) -> None:
        """A project in src/ without a build backend is found there, with its dependencies, from its root."""
        repository.write("src/shop/app.py", USES_ALPHA)
        repository.write("src/shop/__init__.py")
        repository.write("requirements.txt", "alpha")
        package = repository.built("shop.app.handler")

        assert "shop/app.py" in names(package)
        assert repository.answer(package, "shop.app.handler") == ["2.0", None]

    @pytest.mark.parametrize("handler", ["src/app.handler", "shop/src/app.handler"])
    def test_folder_below_its_project(self, repository: Repository, handler: str) -> None:
        """A function in a folder below its project has the project's dependencies, from wherever it is named."""
        repository.write("src/app.py", USES_ALPHA)
        repository.write("pyproject.toml", PROJECT)
        package = repository.built(handler, folder="." if handler.startswith("src") else "..")

        assert repository.answer(package, "app.handler") == ["1.0", None]

    def test_configured_handler(self, repository: Repository) -> None:
        """The handler in [tool.lambda-bootstrap] counts where none is named, from any folder of the project."""
        repository.write("functions/orders/orders.py", USES_ALPHA)
        table = '[tool.lambda-bootstrap]\nhandler = "functions/orders/orders.handler"\n'
        repository.write("pyproject.toml", PROJECT + table)
        package = repository.built(folder="functions")

        assert package == repository.root / "dist" / f"orders-{ARCH}.zip"
        assert {"orders.py", "alpha.py"} <= names(package)

    def test_bare(self, repository: Repository) -> None:
        """A bare zip has the function and its dependencies, with byte code, and nothing of the runtime."""
        repository.write("requirements.txt", "alpha")
        package = repository.built("app.handler", "--bare")
        with zipfile.ZipFile(package) as file:
            listed = set(file.namelist())

        tag = f"cpython-{PYTHON.replace('.', '')}"
        assert {"app.py", "alpha.py", f"__pycache__/app.{tag}.pyc", f"__pycache__/alpha.{tag}.pyc"} <= listed
        assert [name for name in listed if "bootstrap" in name] == []

    def test_bare_without_interpreter(self, repository: Repository) -> None:
        """A bare zip needs no interpreter of ours: any Python of the version makes byte code."""
        repository.interpreters = repository.write("none/.keep").parent
        with zipfile.ZipFile(repository.built("app.handler", "--bare")) as file:
            assert f"__pycache__/app.cpython-{PYTHON.replace('.', '')}.pyc" in file.namelist()
        assert [path for path in repository.index.asked if "lambda-bootstrap" in path] == []

    def test_bare_without_any_python(self, repository: Repository) -> None:
        """Without a Python of the version, a bare zip has no byte code, which a warning says."""
        done = repository.build("app.handler", "--bare", "--python", "3.99")

        assert done.returncode == 0, done.stderr
        assert "warning: there is no Python 3.99 here to compile byte code with" in done.stderr
        assert names(repository.root / "dist" / f"shop-{ARCH}.zip") == {"app.py"}

    def test_layer(self, repository: Repository, tmp_path: Path) -> None:
        """A function whose zip is bare runs with the layer, whose Python is in bin/, which is on Lambda's path."""
        layer = unpack(repository.built(kind="layer"), tmp_path / "opt")
        task = unpack(repository.built("app.handler", "--bare"), tmp_path / "bare")
        environ = {"PATH": os.environ["PATH"]}
        with Emulator([layer / "bootstrap"], cwd=task, handler="app.handler", environ=environ) as emulator:
            assert emulator.invoke(b"1").json() == {}
        assert "exec /opt/lambda-bootstrap/bin/python3" in (layer / "bin" / "python3").read_text()

    def test_layer_alone(self, repository: Repository) -> None:
        """A layer has nothing of the project, whatever lies in it; what it lends has byte code, and is in its bill."""
        repository.write(".env", "SECRET=1\n")
        repository.write("pyproject.toml", PROJECT.replace(">=3.11", f">={PYTHON}"))
        layer = repository.built(kind="layer")
        with zipfile.ZipFile(layer) as file:
            listed = file.namelist()
        bill = json.loads(layer.with_suffix(".cdx.json").read_text())

        assert {name.split("/")[0] for name in listed} == {"bin", "bootstrap", "lambda-bootstrap"}
        assert any("site-packages/urllib3/__pycache__/__init__." in name for name in listed)
        assert {"structlog", "urllib3", "cpython"} <= {part["name"] for part in bill["components"]}

    def test_layer_of_a_function(self, repository: Repository) -> None:
        """A layer is no function's: a handler is a mistake on the command line."""
        done = repository.build("app.handler", kind="layer")

        assert (done.returncode, done.stdout) == (2, "")
        assert "unexpected extra argument (app.handler)" in done.stderr

    def test_folder(self, repository: Repository, tmp_path: Path) -> None:
        """An output that isn't called like a zip is a folder to fill, as `sam build` wants it."""
        repository.built("app.handler", "--output", str(tmp_path / "artifacts"))

        assert {"app.py", "bootstrap", "lambda-bootstrap"} <= {path.name for path in (tmp_path / "artifacts").iterdir()}

    def test_other_architecture(self, repository: Repository) -> None:
        """For another machine its wheels and interpreter are taken; a Python that runs here makes the byte code."""
        other = {"x86_64": "arm64", "arm64": "x86_64"}[ARCH]
        repository.write("requirements.txt", "fast")
        package = repository.built("app.handler", "--arch", other)
        with zipfile.ZipFile(package) as file:
            machine = {"arm64": "aarch64", "x86_64": "x86_64"}[other]
            assert machine in file.read("fast.py").decode()
            assert any(name.startswith("__pycache__/app.") for name in file.namelist())

    def test_space(self, repository: Repository) -> None:
        """A folder with a space in its name is a folder as any other."""
        repository.write("my shop/app.py", USES_ALPHA)
        repository.write("my shop/requirements.txt", "alpha")
        package = repository.built("my shop/app.handler")

        assert package.name == f"my-shop-{ARCH}.zip"
        assert repository.answer(package, "app.handler") == ["2.0", None]


class TestStart:
    """What makes the package start fast."""

    def test_byte_code(self, repository: Repository) -> None:
        """Byte code is never checked against its source, and names the place where it will lie."""
        package = repository.built("app.handler")
        with zipfile.ZipFile(package) as file:
            code = file.read(f"__pycache__/app.cpython-{PYTHON.replace('.', '')}.pyc")

        assert code[4:8] == b"\1\0\0\0"
        assert b"/var/task/app.py" in code

    def test_services(self, repository: Repository) -> None:
        """Descriptions of services that aren't named are left out of botocore, and the report says what that gave."""
        folders = ("s3", "sts", "ec2")
        files: dict[str, str | bytes] = {f"botocore/data/{name}/2006/service.json": name * 400_000 for name in folders}
        files |= {"botocore/__init__.py": "", "botocore/data/endpoints.json": "{}"}
        repository.index.wheel("botocore", files=files)
        repository.write("requirements.txt", "botocore")
        repository.write("pyproject.toml", '[tool.lambda-bootstrap]\nservices = ["s3"]\n')
        done = repository.build("app.handler", "--bare")
        left = {name.split("/")[2] for name in names(repository.root / "dist" / f"shop-{ARCH}.zip") if "data/" in name}

        assert left == {"s3", "sts", "endpoints.json"}
        assert "3.1 MB before" in done.stderr

    @pytest.mark.parametrize(
        ("services", "message"),
        [('["s4"]', "botocore has no 's4'; did you mean 's3'?"), ('["sqs"]', "botocore has no 'sqs'")],
    )
    def test_unknown_service(self, repository: Repository, services: str, message: str) -> None:
        """A service that botocore doesn't know is told, with the one that was probably meant."""
        repository.index.wheel("botocore", files={"botocore/__init__.py": "", "botocore/data/s3/x.json": "{}"})
        repository.write("requirements.txt", "botocore")
        repository.write("pyproject.toml", f"[tool.lambda-bootstrap]\nservices = {services}\n")

        assert repository.refused("app.handler").endswith(message)

    def test_no_botocore(self, repository: Repository) -> None:
        """Services without botocore among the dependencies are a mistake."""
        repository.write("pyproject.toml", '[tool.lambda-bootstrap]\nservices = ["s3"]\n')

        assert "botocore, which isn't among the dependencies" in repository.refused("app.handler")


class TestOutput:
    """What the command leaves and prints."""

    def test_json(self, repository: Repository) -> None:
        """With --json, machines get path, sizes, parts and warnings in one object, and stderr stays empty."""
        repository.write("requirements.txt", "beta")
        done = repository.build("app.handler", "--json")
        told = json.loads(done.stdout)

        assert done.stderr == ""
        assert told["output"].endswith(".zip")
        assert (repository.root / told["output"]).stat().st_size == told["zipped"]
        assert sum(part["bytes"] for part in told["parts"]) == told["unzipped"]
        assert told["warnings"] == []

    def test_same_bytes(self, repository: Repository) -> None:
        """The same input gives the same bytes, wherever it lies, whatever an earlier build has left; the SBOM too."""
        repository.write("requirements.txt", "beta\n./lib")
        repository.package("lib", "gamma")
        first = repository.built("app.handler")
        kept = {path.name: path.read_bytes() for path in first.parent.iterdir()}
        again = repository.root.parent / "other" / "shop"
        again.parent.mkdir()
        repository.root.rename(again)
        repository.root = again
        second = repository.built("app.handler")

        assert {path.name: path.read_bytes() for path in second.parent.iterdir()} == kept
        assert set(kept) == {f"shop-{ARCH}.zip", f"shop-{ARCH}.cdx.json"}

    def test_bill_of_materials(self, repository: Repository) -> None:
        """The document beside the package is CycloneDX; it has the packages, and what the interpreter's wheel lists."""
        from cyclonedx.schema import SchemaVersion  # noqa: PLC0415 - of another environment than most tests'
        from cyclonedx.validation.json import JsonStrictValidator  # noqa: PLC0415 - as above

        repository.write("requirements.txt", "beta")
        text = repository.built("app.handler").with_suffix(".cdx.json").read_text()
        parts = {part["name"]: part["version"] for part in json.loads(text)["components"]}

        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
        assert parts == {"cpython": "1", "beta": "1.0", "alpha": "2.0"}

    def test_report(self, repository: Repository) -> None:
        """The report on stderr has each part's size; stdout has the path, for scripts."""
        files: dict[str, str | bytes] = {"large.bin": bytes(600_000), "large.py": ""}
        repository.index.wheel("large", files=files)
        repository.write("requirements.txt", "large\nalpha")
        done = repository.build("app.handler")
        package = repository.root / "dist" / f"shop-{ARCH}.zip"
        rows = [" ".join(line.split()) for line in done.stderr.splitlines()]

        assert done.stdout == f"{package}\n"
        assert rows[0].startswith(f"{package}: ")
        assert rows[0].endswith("of Lambda's 250.0 MB")
        assert [row.split()[0] for row in rows[1:6]] == ["your", "dependencies", "byte", "runtime", "interpreter"]
        assert rows[2] == "dependencies 0.6 MB 2 packages from requirements.txt"
        assert rows[7] == "large 0.6 MB 1.0"

    def test_one_package(self, repository: Repository) -> None:
        """A function's only dependency is one package, not "1 packages"."""
        repository.write("requirements.txt", "alpha")
        done = repository.build("app.handler", "--bare")

        assert "1 package from requirements.txt" in done.stderr

    def test_too_large(self, repository: Repository) -> None:
        """What Lambda wouldn't take is refused, with the packages that make it large."""
        repository.index.wheel("large", files={"large.bin": bytes(251 * 1024**2)})
        repository.write("requirements.txt", "large")
        message = repository.refused("app.handler")

        assert "Lambda takes 250.0 MB; the largest packages are large 251.0 MB: leave something out" in message
        assert not (repository.root / "dist").exists()

    def test_earlier_output(self, repository: Repository) -> None:
        """An earlier output, in dist/ or anywhere in the function's folder, isn't packed again."""
        first = repository.built("app.handler")
        repository.built("app.handler", "--output", "other.zip")
        repository.built("app.handler", "--output", "mine.zip")
        repository.built("app.handler", "--output", "mine.zip")
        size = (repository.root / "mine.zip").stat().st_size

        assert size == first.stat().st_size
        assert {name for name in names(repository.root / "mine.zip") if name.endswith(("zip", "json"))} == set()

    def test_zip_of_its_own(self, repository: Repository) -> None:
        """A zip that no build has written is the function's."""
        repository.write("data/pages.zip", "PK")

        assert "data/pages.zip" in names(repository.built("app.handler"))

    def test_clean_folder(self, repository: Repository) -> None:
        """A build leaves nothing but its output in the repository."""
        repository.write("requirements.txt", "beta\n")
        before = set(repository.root.rglob("*"))
        repository.built("app.handler")

        assert {path.name for path in {*repository.root.rglob("*")} - before} == {
            "dist",
            f"shop-{ARCH}.zip",
            f"shop-{ARCH}.cdx.json",
        }


@pytest.mark.parametrize(
    ("verb", "words", "missing"),
    [
        ("", {"zip", "layer", "image", "runtime"}, set()),
        ("zip", {"[HANDLER]", "dist/NAME-ARCH.zip."}, {"--base", "--tag"}),
        ("layer", {"dist/lambda-bootstrap-layer-ARCH.zip."}, {"HANDLER", "--bare", "--build-sdists"}),
        ("image", {"[HANDLER]", "dist/NAME-image-ARCH.", "--base", "NAME:ARCH."}, {"--bare"}),
        ("runtime", {"lambda-bootstrap-runtime:ARCH.", "--base"}, {"HANDLER", "--glibc", "--sam", "zip"}),
    ],
)
def test_help(verb: str, words: set[str], missing: set[str]) -> None:
    """The help of each command names what it makes and takes, and nothing else."""
    command = [sys.executable, "-m", "lambda_bootstrap_dev", "build", *filter(None, [verb]), "--help"]
    environ = {**os.environ, "COLUMNS": "200"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environ)

    text = "".join(done.stdout.split())  # names are broken at their hyphens
    assert [word for word in words if word not in text] == []
    assert [word for word in missing if word in text] == []


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root on Linux may mount a small disk")
def test_no_room(repository: Repository, tmp_path: Path) -> None:
    """Where the disk for temporary files is full, the message names it, and nothing is written."""
    small = tmp_path / "small"
    small.mkdir()
    script = 'mount -t tmpfs -o size=64k none "$TMPDIR" && exec "$@"'
    command = ["unshare", "--mount", "sh", "-c", script, "sh", *PROGRAM, "zip", "app.handler", "--python", PYTHON]
    done = subprocess.run(
        [*command, "--find-links", str(repository.interpreters)],
        cwd=repository.root,
        env={**repository.environ, "TMPDIR": str(small)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr.startswith(f"lambda-bootstrap build zip: there is no room left in {small}")
    assert (done.returncode, done.stdout, (repository.root / "dist").exists()) == (1, "", False)
