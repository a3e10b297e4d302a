"""`lambda-bootstrap doctor`: what is wrong with a function, or slow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import venv
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap_dev.build.target import native
from lambda_bootstrap_dev.cli.main import main
from lambda_bootstrap_dev.doctor.importing import times

from tests.support import ROOT
from tests.support.index import write_wheel

if TYPE_CHECKING:
    from pathlib import Path

GOOD = "import json\n\n\ndef handler(event, context):\n    return event\n"
MINE = f"{sys.version_info[0]}{sys.version_info[1]}"
OTHER = "39"
TABLE = """
[tool.lambda-bootstrap.functions.shop]
handler = "app.handler"
environment = { BOOTSTRAP_CODEK = "json" }
"""
TEMPLATE = """
Resources:
  Shop:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
      Runtime: provided.al2023
      CodeUri: .
      Environment: { Variables: { BOOTSTRAP_CODEK: json, TABLE: !Ref Table } }
"""


@pytest.fixture(name="folder")
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A function's folder; the one that the command line is in."""
    place = tmp_path / "function"
    place.mkdir()
    (place / "app.py").write_text(GOOD)
    monkeypatch.chdir(place)
    for name in [name for name in os.environ if name.startswith(("BOOTSTRAP_", "AWS_", "PYTHONPATH", "VIRTUAL_ENV"))]:
        monkeypatch.delenv(name)
    return place


@pytest.fixture(scope="module", name="bare")
def _bare(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Python without any package, without the runtime too."""
    place = tmp_path_factory.mktemp("bare")
    venv.create(place, symlinks=True)
    return str(place / "bin" / "python3")


class Examined:
    """What the doctor says of a function."""

    def __init__(self, capfd: pytest.CaptureFixture[str], *words: str) -> None:
        self.status = main(["doctor", "--json", *words])
        said = capfd.readouterr()
        self.report: dict[str, Any] = json.loads(said.out)

    def told(self, about: str) -> list[str]:
        """The findings of a kind, with their levels."""
        return [f"{each['level']}: {each['text']}" for each in self.report["findings"] if each["about"] == about]


@pytest.fixture(name="examine")
def _examine(capfd: pytest.CaptureFixture[str], bare: str) -> Any:
    """Examine a function with the bare Python."""
    return lambda *words: Examined(capfd, "--python", bare, *(words or ("app.handler",)))


def install(folder: Path, name: str, tag: str, files: dict[str, str | bytes]) -> None:
    """Put a package into the function's folder, as `pip install --target` does."""
    import zipfile  # noqa: PLC0415 - beside its only use

    wheel = write_wheel(folder.parent, name, files=files, tag=tag)
    with zipfile.ZipFile(wheel) as file:
        file.extractall(folder)


def elf(machine: int) -> bytes:
    """The head of an ELF file."""
    return b"\x7fELF" + bytes(14) + machine.to_bytes(2, "little") + bytes(20)


class TestHandler:
    """Whether the function is there, and can be imported."""

    def test_nothing_wrong(self, folder: Path, examine: Any) -> None:
        """A function with nothing wrong has no finding and status 0, in a Python without the runtime; no file comes."""
        (folder / "app.py").write_text("from lambda_bootstrap import Context\n" + GOOD)
        found = examine()

        assert (found.status, found.report["findings"]) == (0, [])
        assert found.report["python"].startswith("Python 3.")
        assert os.listdir(folder) == ["app.py"]  # noqa: PTH208 - names

    def test_misspelt(self, examine: Any, folder: Path) -> None:
        """A handler that isn't there is what the runtime would say of it, with a near name, and status 1."""
        found = examine("app.hander")

        assert found.status == 1
        (told,) = found.told("handler")
        assert told.startswith("error: Runtime.HandlerNotFound: Handler 'hander' missing on module 'app'; did you mean")
        assert "did you mean 'app'?" in examine(f"{folder}/ap.handler").told("handler")[0]

    def test_missing_package(self, folder: Path, examine: Any) -> None:
        """A package that isn't installed is named, with the line that imports it."""
        (folder / "app.py").write_text("import boto3\n" + GOOD)

        (told,) = examine().told("handler")
        assert told.startswith(
            "error: Runtime.ImportModuleError: Unable to import module 'app': No module named 'boto3'"
        )
        assert "AWS's managed runtime brings boto3 along, this one doesn't" in told

    def test_raises(self, folder: Path, examine: Any) -> None:
        """What the module raises is told with its place."""
        (folder / "app.py").write_text("import os\nTABLE = os.environ['TABLE']\n" + GOOD)

        assert examine().told("handler") == ["error: KeyError: 'TABLE' (app.py, line 2)"]
        assert examine("app.handler", "--env", "TABLE=t").status == 0

    def test_exits(self, folder: Path, examine: Any) -> None:
        """A module that ends the process is told as one, with its last words."""
        (folder / "app.py").write_text("import os, sys\nprint('gone', file=sys.stderr, flush=True)\nos._exit(0)\n")

        assert examine().told("handler") == ["error: app.handler ends the process at its import: gone"]

    def test_of_the_project(self, folder: Path, examine: Any, capfd: pytest.CaptureFixture[str], bare: str) -> None:
        """Without HANDLER, the project's is examined; without that one, only folder and variables are."""
        assert main(["doctor", "--python", bare]) == 0
        assert "note: handler: none is named, so nothing is imported" in capfd.readouterr().out
        (folder / "pyproject.toml").write_text('[tool.lambda-bootstrap]\nhandler = "app.nobody"\n')

        assert "Handler 'nobody' missing" in examine("--env", "A=1").told("handler")[0]

    def test_other_python_than_the_project(self, folder: Path, examine: Any) -> None:
        """A Python that the project isn't for is an error."""
        (folder / "pyproject.toml").write_text('[project]\nname = "shop"\nrequires-python = ">=3.99"\n')
        (told,) = examine().told("python")

        assert told.startswith(f"error: {folder / 'pyproject.toml'} asks for Python >=3.99, and this is 3.")

    def test_relative_imports(self, folder: Path, examine: Any) -> None:
        """A function in a package is imported from the package's root, as it runs."""
        (folder / "svc").mkdir()
        (folder / "svc" / "__init__.py").write_text("")
        (folder / "svc" / "total.py").write_text("def total(): return 1\n")
        (folder / "svc" / "app.py").write_text("from .total import total\n" + GOOD)

        assert examine("svc/app.handler").report["findings"] == []


class TestImport:
    """How long the import takes."""

    def test_by_package(self, folder: Path, examine: Any) -> None:
        """Each package has the time of its own modules, and one that takes long is named with what to do."""
        (folder / "heavy").mkdir()
        (folder / "heavy" / "__init__.py").write_text("from . import part\nimport time\ntime.sleep(0.15)\n")
        (folder / "heavy" / "part.py").write_text("import decimal\n")
        (folder / "app.py").write_text("import heavy\n" + GOOD)
        found = examine()
        rows = {each["package"]: each for each in found.report["imports"]}

        assert set(rows) == {"heavy", "app", "Python's library"}
        assert rows["heavy"]["modules"] == 2
        assert 150 <= rows["heavy"]["ms"] <= found.report["import_ms"]
        (told,) = found.told("import")
        assert told.startswith("warning: heavy takes 1")
        assert told.endswith(" ms: import it inside the function that uses it, if not every event needs it")

    def test_byte_code(self, folder: Path, examine: Any) -> None:
        """The times are those of an import with byte code, as a package has it that `build` has made."""
        source = "".join(f"name_{number} = {number}\n" for number in range(60_000))
        (folder / "long.py").write_text(source)
        (folder / "app.py").write_text("import long\n" + GOOD)
        began = time.perf_counter()
        compile(source, "long.py", "exec")
        ms = (time.perf_counter() - began) * 1000

        assert next(each["ms"] for each in examine().report["imports"] if each["package"] == "long") < ms / 2

    def test_log(self) -> None:
        """Only what is imported between the marks counts; what isn't there, and the runtime's own modules, don't."""
        log = (
            "import time:       900 |        900 | site\n\nlambda-bootstrap: begin\n"
            "import time:       100 |        100 |     shop.a\nhello from the function\n"
            "import time:        50 |        150 |   shop\nimport time:  7 |  7 |   lambda_bootstrap.events\n"
            "import time:         9 |          9 |     org.python\n"
            "import time:       300 |        300 |   json\n\nlambda-bootstrap: end\nimport time: 5 | 5 | late\n"
        )
        found = times(log, frozenset({"json"}), frozenset({"json", "lambda_bootstrap", "late", "shop"}), "app")

        assert [(each.package, each.ms, each.modules) for each in found] == [
            ("Python's library", 0.3, 1),
            ("shop", 0.15, 2),
        ]


class TestFiles:
    """What is in the folder."""

    def test_shadows(self, folder: Path, examine: Any) -> None:
        """A module that takes the place of Python's own is named."""
        (folder / "calendar.py").write_text("")

        assert examine().told("modules") == [
            "warning: calendar takes the place of Python's own calendar, for every package that imports it: rename it"
        ]

    @pytest.mark.parametrize(("name", "code"), [("json", GOOD), ("json", f"{GOOD}raise ValueError"), ("email", GOOD)])
    def test_shadows_what_the_doctor_imports(self, folder: Path, examine: Any, name: str, code: str) -> None:
        """A module in the place of one that the doctor needs is named, whether the function can be imported or not."""
        (folder / "app.py").write_text(code)
        (folder / f"{name}.py").write_text("")

        examined = examine()

        assert examined.told("modules")[0].startswith(f"warning: {name} takes the place of Python's own {name}")
        assert examined.status == int("raise" in code)

    def test_shadows_a_package(self, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        """A module that takes the place of an installed package is named."""
        (folder / "click.py").write_text("")

        assert Examined(capfd, "--python", sys.executable, "app.handler").told("modules") == [
            "warning: click takes the place of click, which is installed: rename it, or remove the package"
        ]

    def test_other_python(self, folder: Path, examine: Any) -> None:
        """A wheel for another Python is named, with the command that fetches the right one; so is its machine code."""
        code = elf({"x86_64": 62, "arm64": 183}[native()])
        tag = f"cp{OTHER}-cp{OTHER}-manylinux2014_{'x86_64' if native() == 'x86_64' else 'aarch64'}"
        name = f"fast/core.cpython-{OTHER}-x86_64-linux-gnu.so"
        install(folder, "fast", tag, {"fast/__init__.py": "", name: code})
        found = examine()
        package, module = found.told("wheels")

        assert found.status == 1
        assert package.startswith(f"error: fast 1.0 is for {tag}, and not for Python 3.")
        assert ": uv pip install --target . --python-version=3." in package
        assert module.startswith(
            f"error: {name} is for cpython-{OTHER}-x86_64-linux-gnu, and the function has Python 3."
        )

    def test_other_machine(self, folder: Path, examine: Any) -> None:
        """Machine code for another machine is named, with or without a package around it."""
        (folder / "tool.so").write_bytes(elf(183 if native() == "x86_64" else 62))

        assert examine().told("wheels") == [
            f"error: tool.so isn't for Linux on {native()}: bring the wheel for that one"
        ]

    def test_fitting(self, folder: Path, examine: Any) -> None:
        """A wheel for this Python and machine isn't named; without byte code its modules are."""
        code = elf({"x86_64": 62, "arm64": 183}[native()])
        machine = "x86_64" if native() == "x86_64" else "aarch64"
        tag = f"cp{MINE}-cp{MINE}-manylinux2014_{machine}"
        install(folder, "fast", tag, {"fast/__init__.py": "", f"fast/core.cpython-{MINE}-{machine}-linux-gnu.so": code})
        found = examine()

        assert (found.status, found.told("wheels")) == (0, [])
        assert found.told("byte code")[0].startswith(f"warning: without byte code for cpython-{MINE}: fast; every new")
        subprocess.run([sys.executable, "-m", "compileall", "-q", "fast"], cwd=folder, check=True)
        assert examine().told("byte code") == []

    def test_modes(self, folder: Path, examine: Any) -> None:
        """An extension that cannot be run is an error, and files for their owner alone are named."""
        (folder / "extensions").mkdir()
        (folder / "extensions" / "ship").write_text("#!/bin/sh\n")
        (folder / "data.json").write_text("{}")
        (folder / "data.json").chmod(0o600)
        extension, data = examine().told("modes")

        assert extension == ("error: extensions/ship is an extension that cannot be run: chmod +x extensions/ship")
        assert data.startswith("warning: only their owner can read data.json, and on Lambda another user runs: chmod")

    def test_what_build_refuses(self, folder: Path, examine: Any) -> None:
        """What `build` would refuse is told before."""
        (folder / ".env").write_text("SECRET=1\n")

        assert examine().told("package")[0].startswith("error: .env must not go to Lambda")

    def test_sizes(self, folder: Path, examine: Any) -> None:
        """The parts have their sizes, the largest first, and a virtual environment is none."""
        install(folder, "heavy", "py3-none-any", {"heavy.py": "#" * 300_000})
        venv.create(folder / ".venv", symlinks=True)
        sizes = examine().report["sizes"]

        assert [each["part"] for each in sizes] == ["heavy", "the function's own files"]
        assert 300_000 <= sizes[0]["bytes"] < 310_000
        assert sizes[1]["bytes"] == len(GOOD)


class TestVariables:
    """The function's variables."""

    @pytest.mark.parametrize(
        ("pair", "told"),
        [
            ("BOOTSTRAP_CODEK=json", "error: there is no option BOOTSTRAP_CODEK; did you mean BOOTSTRAP_CODEC?"),
            ("BOOTSTRAP_CODEC=yaml", "error: BOOTSTRAP_CODEC is 'yaml': it has to be json, orjson or msgspec"),
            (
                "AWS_LAMBDA_LOG_FROMAT=JSON",
                "warning: nobody reads AWS_LAMBDA_LOG_FROMAT; did you mean AWS_LAMBDA_LOG_FORMAT?",
            ),
            (
                "AWS_LAMBDA_LOG_FORMAT=yes",
                "warning: AWS_LAMBDA_LOG_FORMAT is 'yes': it has to be JSON, TEXT, and counts as unset",
            ),
            (
                "PYTHONPATH=/nowhere",
                "warning: PYTHONPATH is '/nowhere' here: what is found by it isn't there on Lambda",
            ),
        ],
    )
    @pytest.mark.usefixtures("folder")
    def test_wrong(self, examine: Any, pair: str, told: str) -> None:
        """A variable that is misspelt, or has a value that it cannot have, is named with what it was meant to be."""
        found = examine("app.handler", "--env", pair)

        assert found.told("variables") == [told]
        assert found.status == (1 if told.startswith("error") else 0)

    def test_fine(self, folder: Path, examine: Any) -> None:
        """Options that are right, and variables of the function's own, aren't named."""
        variables = "BOOTSTRAP_CODEC=orjson\nAWS_LAMBDA_LOG_FORMAT=JSON\nTABLE=t\nAWS_PROFILE=mine\n"
        (folder.parent / "own.env").write_text(variables)

        assert examine("app.handler", "--env-file", str(folder.parent / "own.env")).told("variables") == []

    @pytest.mark.parametrize(("file", "text"), [("pyproject.toml", TABLE), ("template.yaml", TEMPLATE)])
    def test_of_the_project(self, folder: Path, examine: Any, file: str, text: str) -> None:
        """The variables that the project gives to the function are looked at as well."""
        (folder / file).write_text(text)

        assert examine().told("variables") == [
            "error: there is no option BOOTSTRAP_CODEK; did you mean BOOTSTRAP_CODEC?"
        ]

    def test_wrapper(self, folder: Path, examine: Any) -> None:
        """A wrapper of the function's that isn't there, or cannot be run, is an error."""
        wrapper = ("app.handler", "--env", "AWS_LAMBDA_EXEC_WRAPPER=/var/task/wrap")

        expected = f"error: AWS_LAMBDA_EXEC_WRAPPER is /var/task/wrap, and {folder}/wrap isn't there"
        assert examine(*wrapper).told("variables") == [expected]
        (folder / "wrap").write_text("#!/bin/sh\n")
        assert examine(*wrapper).told("modes")[0].startswith("error: wrap is the wrapper, and cannot be run: chmod +x")


def test_for_people(folder: Path, capfd: pytest.CaptureFixture[str], bare: str) -> None:
    """People get a line for each finding, then the tables."""
    (folder / "calendar.py").write_text("")

    assert main(["doctor", "--python", bare, "app.handler"]) == 0
    first, finding, *rest = capfd.readouterr().out.splitlines()
    assert first.endswith(f": {bare}")
    assert finding.startswith("warning: modules: calendar takes the place of Python's own")
    assert rest[0].startswith("the import takes ")
    assert "the largest parts:" in rest


def test_no_folder(capfd: pytest.CaptureFixture[str]) -> None:
    """A folder that isn't there is a mistake on the command line."""
    assert main(["doctor", f"{ROOT}/exampels/hello/app.handler"]) == 2
    assert "there is no folder" in capfd.readouterr().err


@pytest.mark.parametrize("verb", ["doctor", "run"])
def test_no_permission(folder: Path, verb: str) -> None:
    """A folder that its user may not read is named, with status 2."""
    allowed = "-dac_override,-dac_read_search"
    root = ["setpriv", f"--bounding-set={allowed}", f"--inh-caps={allowed}"] if os.geteuid() == 0 else []
    command = [*root, sys.executable, "-m", "lambda_bootstrap_dev", verb, f"{folder}/app.handler"]
    folder.chmod(0o000)
    try:
        environ = {**os.environ, "PYTHONPATH": f"{ROOT}/dev:{ROOT}/runtime"}
        done = subprocess.run(command, env=environ, cwd="/", capture_output=True, text=True, check=False)
    finally:
        folder.chmod(0o755)

    assert (done.returncode, done.stdout) == (2, "")
    assert f"lambda-bootstrap {verb}: you have no permission for {folder}" in " ".join(done.stderr.splitlines())
