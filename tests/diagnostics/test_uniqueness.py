"""Values that a snapshot copies though they were meant to be unique."""

from __future__ import annotations

import socket
import sys
from importlib import import_module
from typing import TYPE_CHECKING

import pytest
from lambda_bootstrap.diagnostics import uniqueness

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], list[str]]]:
    """Import a module with a source and return what is said of it, each warning up to its advice."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def find(source: str) -> list[str]:
        (tmp_path / "throw_away.py").write_text(source, encoding="utf-8")
        module = import_module("throw_away")
        path = str(module.__file__)
        said = [*uniqueness.values("throw_away", path), *uniqueness.sockets("throw_away", module)]
        return [
            each.replace(path, "PATH").partition(" before the snapshot")[0].partition(", which no")[0] for each in said
        ]

    yield find
    sys.modules.pop("throw_away", None)


class TestValues:
    """Assignments at the top of a module."""

    @pytest.mark.parametrize(
        ("source", "variable", "maker"),
        [
            ("import uuid\nID = uuid.uuid4()", "ID", "uuid.uuid4"),
            ("from uuid import uuid4\nID = str(uuid4())[:8]", "ID", "uuid.uuid4"),
            ("from uuid import uuid1 as one\nID: str = f'{one()}'", "ID", "uuid.uuid1"),
            ("import random\nSALT = random.randint(1, 9)", "SALT", "random.randint"),
            ("import random as r\nRNG = r.Random()", "RNG", "random.Random"),
            ("from secrets import token_hex\nKEY = token_hex(8)", "KEY", "secrets.token_hex"),
            ("import os\nKEY = os.urandom(8)", "KEY", "os.urandom"),
            ("import time\nBEGIN = time.monotonic()", "BEGIN", "time.monotonic"),
            ("import datetime\nBEGIN = datetime.datetime.now()", "BEGIN", "datetime.datetime.now"),
            ("from datetime import datetime\nBEGIN = datetime.utcnow()", "BEGIN", "datetime.datetime.utcnow"),
            ("import time\nA, B = time.time(), 1", "A, B", "time.time"),
            ("import time\nSTATE = {}\nSTATE['at'] = time.time()", "STATE['at']", "time.time"),
        ],
    )
    @pytest.mark.filterwarnings("ignore:.*utcnow:DeprecationWarning")
    def test_found(self, found: Callable[[str], list[str]], source: str, variable: str, maker: str) -> None:
        """A value that is made by chance or by the clock is named with its line and its maker, however imported."""
        line = source.count("\n") + 1

        assert found(source) == [f"{variable} of throw_away (PATH, line {line}) is made by {maker}()"]

    @pytest.mark.parametrize("head", ["class Config:", "if True:", "try:", "for _ in range(1):"])
    def test_within(self, found: Callable[[str], list[str]], head: str) -> None:
        """A statement within another that runs at import counts, too."""
        tail = "\nexcept ValueError:\n    pass" if head == "try:" else ""

        assert found(f"import time\n{head}\n    AT = time.time(){tail}") == [
            "AT of throw_away (PATH, line 3) is made by time.time()"
        ]

    @pytest.mark.parametrize(
        "source",
        [
            "import uuid\ndef handler(event, context):\n    at = uuid.uuid4()",
            "import uuid\nID = uuid.UUID(int=1)",
            "import uuid\nmake = uuid.uuid4",
            "import random\nRNG = random.Random(7)",
            "import random\nDONE = random.seed(7)",
            "import time\nZONE = time.strftime('%Z')",
            "def uuid4():\n    return 1\nID = uuid4()",
            "class time:\n    time = staticmethod(int)\nAT = time.time()",
        ],
    )
    def test_harmless(self, found: Callable[[str], list[str]], source: str) -> None:
        """What is made in the handler, is seeded on purpose, or only has such a name, is not named."""
        assert found(source) == []

    def test_unreadable(self, tmp_path: Path) -> None:
        """A source that is not there, or is no Python any more, says nothing."""
        file = tmp_path / "throw_away.py"
        assert list(uniqueness.values("throw_away", str(file))) == []
        file.write_text("def (", encoding="utf-8")

        assert list(uniqueness.values("throw_away", str(file))) == []


class TestSockets:
    """Open sockets in a module's variables."""

    def test_found(self, found: Callable[[str], list[str]]) -> None:
        """A socket is found in a variable, and in an attribute of what a variable holds; a closed one is not."""
        source = (
            "import socket\nclass Client:\n    def __init__(self):\n        self.connection = socket.socket()\n"
            "ONE, TWO, THREE = socket.socket(), Client(), socket.socket()\nTHREE.close()\n"
        )
        said = found(source)
        module = sys.modules["throw_away"]
        module.ONE.close()
        module.TWO.connection.close()

        assert said == ["ONE of throw_away is an open socket", "TWO.connection of throw_away is an open socket"]


class TestModules:
    """Whose modules are looked at."""

    def test_own(self, found: Callable[[str], list[str]]) -> None:
        """The function's own modules are, and neither Python's, nor ours, nor those of a package."""
        found("import uuid\nID = uuid.uuid4()")
        said = [each for each in uniqueness.warnings() if "throw_away" in each]

        assert len(said) == 1
        assert not uniqueness.is_of_function("random", str(socket.__file__), set())
        assert not uniqueness.is_of_function("lambda_bootstrap.hooks", str(uniqueness.__file__), set())
        assert not uniqueness.is_of_function("requests.api", "/var/task/requests/api.py", {"requests"})
        assert not uniqueness.is_of_function("other", "/opt/python/lib/python3.13/site-packages/other.py", set())
        assert uniqueness.is_of_function("app", "/var/task/app.py", {"requests"})
