"""lambda-bootstrap and lambda-bootstrap-dev as people have them: built, and installed from a folder alone."""

from __future__ import annotations

import email.parser
import json
import re
import shutil
import stat
import sys
import tarfile
import zipfile
from typing import TYPE_CHECKING

import lambda_bootstrap
import pytest
from lambda_bootstrap_dev.testing import Emulator

from tests.support import FUNCTIONS, ROOT, give_up
from tests.support.wheels import build, build_both, install, run

if TYPE_CHECKING:
    from email.message import Message
    from pathlib import Path

VERSION = lambda_bootstrap.__version__
WHEEL = f"lambda_bootstrap-{VERSION}-py3-none-any.whl"
DEV_WHEEL = f"lambda_bootstrap_dev-{VERSION}-py3-none-any.whl"
# A function as its owner writes it, in an editor that checks types.
FUNCTION = """\
from dataclasses import dataclass

from lambda_bootstrap import Context, HttpResponse, LambdaError, on_request
from lambda_bootstrap.events import SqsEvent


@dataclass
class Order:
    id: str
    amount: int = 1


@on_request
def note(event: object, context: Context) -> None:
    context.log(f"{context.aws_request_id} has {context.get_remaining_time_in_millis()} ms\\n")


def handler(order: Order, context: Context) -> dict[str, int]:
    if not order.amount:
        raise LambdaError("nothing ordered", type="Shop.Nothing")
    return {order.id: order.amount}


def page(event: dict[str, str]) -> HttpResponse:
    return HttpResponse(200, {"Content-Type": "text/plain"}, body="hello")


def queue(event: SqsEvent) -> int:
    return len(event["Records"])
"""
WRONG = """\
from lambda_bootstrap import Context, LambdaError


def handler(event: object, context: Context) -> int:
    context.no_such_attribute
    LambdaError(1)
    return context.aws_request_id
"""


@pytest.fixture(scope="module", name="dist")
def _dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheels and source distributions of both."""
    return build_both(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module", name="python")
def _python(tmp_path_factory: pytest.TempPathFactory, dist: Path) -> Path:
    """The Python of an environment with both."""
    return install(tmp_path_factory.mktemp("environment") / "venv", dist, "lambda-bootstrap[dev]")


def metadata(wheel: Path) -> Message:
    """A wheel's METADATA."""
    with zipfile.ZipFile(wheel) as file:
        (name,) = [name for name in file.namelist() if name.endswith(".dist-info/METADATA")]
        return email.parser.Parser().parsestr(file.read(name).decode())


class TestFiles:
    """What is built."""

    def test_contents(self, dist: Path) -> None:
        """The wheel has the package as it is, and within it `bootstrap`, as a program."""
        package = ROOT / "runtime" / "lambda_bootstrap"
        modules = {f"lambda_bootstrap/{path.relative_to(package)}" for path in package.rglob("*.py")}
        with zipfile.ZipFile(dist / WHEEL) as file:
            entries = {entry.filename: entry for entry in file.infolist() if ".dist-info/" not in entry.filename}
            program = file.read("lambda_bootstrap/bootstrap")
        mode = entries["lambda_bootstrap/bootstrap"].external_attr >> 16

        assert set(entries) == {*modules, "lambda_bootstrap/py.typed", "lambda_bootstrap/bootstrap"}
        assert program == (ROOT / "bootstrap").read_bytes()
        assert stat.S_IMODE(mode) == 0o755

    def test_metadata(self, dist: Path) -> None:
        """One version stands in both, each asks for the other in this version, and the runtime needs nothing."""
        ours, dev = metadata(dist / WHEEL), metadata(dist / DEV_WHEEL)
        needs = [re.split(r"[<>=]", need)[0] for need in dev.get_all("Requires-Dist", [])]

        assert (ours["Version"], dev["Version"]) == (VERSION, VERSION)
        assert [need for need in ours.get_all("Requires-Dist", []) if "extra ==" not in need] == []
        assert f"lambda-bootstrap-dev=={VERSION}; extra == 'dev'" in ours.get_all("Requires-Dist", [])
        assert f"lambda-bootstrap=={VERSION}" in dev.get_all("Requires-Dist", [])
        assert " ".join(needs) == "click h11 lambda-bootstrap packaging pathspec pyyaml rich uv watchfiles"

    def test_licence(self) -> None:
        """Both have the one licence: a source distribution cannot reach out of its folder for it."""
        assert (ROOT / "dev" / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()

    @pytest.mark.parametrize("name", ["lambda_bootstrap", "lambda_bootstrap_dev"])
    def test_source(self, dist: Path, tmp_path: Path, name: str) -> None:
        """A wheel that is built from the source distribution is the same, byte for byte."""
        with tarfile.open(dist / f"{name}-{VERSION}.tar.gz") as file:
            file.extractall(tmp_path, filter="data")
        build(tmp_path / f"{name}-{VERSION}", tmp_path / "again", "wheel")
        wheel = f"{name}-{VERSION}-py3-none-any.whl"

        assert (tmp_path / "again" / wheel).read_bytes() == (dist / wheel).read_bytes()

    def test_same_bytes(self, dist: Path, tmp_path: Path) -> None:
        """Two builds have the same bytes."""
        again = build_both(tmp_path)

        assert {path.name: path.read_bytes() for path in again.iterdir()} == {
            path.name: path.read_bytes() for path in dist.iterdir()
        }

    def test_checkout(self, tmp_path: Path) -> None:
        """`pip install .` works in the checkout."""
        options = ["--no-index", "--no-deps", "--no-build-isolation", f"--target={tmp_path}"]
        run(sys.executable, "-m", "pip", "--quiet", "install", *options, ROOT)

        assert (tmp_path / "lambda_bootstrap" / "bootstrap").exists()
        assert (tmp_path / f"lambda_bootstrap-{VERSION}.dist-info").exists()


class TestInstalled:
    """What an environment with both has."""

    def test_names(self, python: Path, tmp_path: Path) -> None:
        """The public names can be imported on a laptop, and the version asked for."""
        code = "from lambda_bootstrap import Context, LambdaError, HttpResponse, on_request, __version__ as v; print(v)"

        assert run(python, "-c", code, cwd=tmp_path) == f"{VERSION}\n"
        assert run(python.parent / "lambda-bootstrap", "--version", cwd=tmp_path) == f"lambda-bootstrap {VERSION}\n"

    def test_mypy(self, python: Path, tmp_path: Path) -> None:
        """Mypy accepts a user's function, strictly, and finds what is wrong with another: nothing is Any."""
        (tmp_path / "app.py").write_text(FUNCTION)
        (tmp_path / "wrong.py").write_text(WRONG)
        command = [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(python), "--config-file="]

        assert "no issues found" in run(*command, "app.py", cwd=tmp_path)
        with pytest.raises(AssertionError, match=r"(?s)wrong\.py:5: error.*:6: error.*:7: error.*Found 3 errors"):
            run(*command, "wrong.py", cwd=tmp_path)

    def test_pyright(self, python: Path, tmp_path: Path) -> None:
        """Pyright does so too."""
        if shutil.which("node") is None:
            give_up("pyright needs node, which is not there")
        (tmp_path / "app.py").write_text(FUNCTION)
        (tmp_path / "wrong.py").write_text(WRONG)
        (tmp_path / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict", "reportUnusedFunction": false}')
        command = [sys.executable, "-m", "pyright", "--pythonpath", str(python)]

        assert "0 errors" in run(*command, "app.py", cwd=tmp_path)
        with pytest.raises(AssertionError, match=r"(?s)wrong\.py:5:.*wrong\.py:6:.*wrong\.py:7:"):
            run(*command, "wrong.py", cwd=tmp_path)

    def test_pytest(self, python: Path) -> None:
        """Pytest learns of the plugin from the wheel's metadata, and needs no line in anybody's conftest."""
        found = "from importlib.metadata import entry_points as e; print(*(p.value for p in e(group='pytest11')))"

        # anyio's comes along with watchfiles.
        assert set(run(python, "-c", found).split()) == {"lambda_bootstrap_dev.pytest_plugin", "anyio.pytest_plugin"}

    def test_run(self, python: Path, tmp_path: Path) -> None:
        """`lambda-bootstrap run` works in any folder, and the function runs on the active environment's Python."""
        own = tmp_path / "own"
        run(sys.executable, "-m", "venv", "--without-pip", own)
        (packages,) = own.glob("lib/python3*/site-packages")
        (packages / "only_there.py").write_text("")
        (tmp_path / "app.py").write_text(
            "import sys, lambda_bootstrap, only_there\n\n\n"
            "def handler(event, context):\n    return [event, sys.prefix, lambda_bootstrap.__file__]\n"
        )
        (tmp_path / "event.json").write_text("7")
        answer = run(python.parent / "lambda-bootstrap", "run", "app.handler", cwd=tmp_path, VIRTUAL_ENV=str(own))
        (installed,) = python.parents[1].glob("lib/python3*/site-packages/lambda_bootstrap/__init__.py")

        assert json.loads(answer) == [7, str(own), str(installed)]

    @pytest.mark.parametrize("how", ["-m", "bootstrap"])
    @pytest.mark.parametrize("method", ["spawn", "forkserver"])
    def test_children(self, python: Path, how: str, method: str) -> None:
        """A child of `multiprocessing` finds the package, and has a context that works and writes to its stdout."""
        (package,) = python.parents[1].glob("lib/python3*/site-packages/lambda_bootstrap")
        command = [str(python), "-P", "-m", "lambda_bootstrap"] if how == "-m" else [str(python), str(package / how)]
        with Emulator(command, cwd=FUNCTIONS / "copies", handler="app.handler", timeout=60.0) as emulator:
            name, file, _, is_context = emulator.invoke(f'{{"method": "{method}"}}'.encode()).json()
            output = emulator.stdout

        assert (name, file, is_context) == ("test_function", f"{package}/__init__.py", True)
        assert output == b"log of a child\n"

    def test_program(self, python: Path) -> None:
        """`bootstrap` is a program once it is installed, as an image's ENTRYPOINT may name it."""
        (program,) = python.parents[1].glob("lib/python3*/site-packages/lambda_bootstrap/bootstrap")
        environ = {"PATH": str(python.parent)}
        with Emulator([program], cwd=FUNCTIONS, handler="echo.handler", environ=environ) as emulator:
            assert emulator.invoke(b"1").json() == 1
