"""What of the repository goes into a zip, and what must not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.support.repository import names
from tests.support.rie import ARCH

if TYPE_CHECKING:
    from tests.support.repository import Repository

KEY = (
    "-----BEGIN PRIVATE KEY-----\n"
    + "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQC7\n" * 4
    + "-----END PRIVATE KEY-----\n"
)


class TestLeftOut:
    """What stays at home."""

    def test_always(self, repository: Repository) -> None:
        """Virtual environments by any name, caches, version control and what tools leave never go in."""
        repository.write("env-of-mine/pyvenv.cfg")
        repository.write("env-of-mine/lib/x.py")
        for name in (
            ".git/config",
            "node_modules/x.js",
            "__pycache__/app.pyc",
            ".aws-sam/x",
            ".terraform/x",
            "x.egg-info/y",
        ):
            repository.write(name)
        for name in (".mypy_cache/x", ".pytest_cache/x", ".ruff_cache/x", ".tox/x", ".hypothesis/x", "sub/.DS_Store"):
            repository.write(name)
        repository.write("dist/old.zip")
        repository.write("dist/data.json")
        repository.write("generated/model.py")
        repository.write(".gitignore", "generated/\n")

        assert names(repository.built("app.handler")) == {"app.py", "dist/data.json", "generated/model.py"}

    def test_patterns(self, repository: Repository) -> None:
        """`.lambdaignore` and `exclude` are read as .gitignore is; a folder's contents go with it."""
        for name in ("notes.md", "docs/a.md", "docs/keep.md", "tests/test_app.py", "data/big.bin", "data/small.bin"):
            repository.write(name)
        repository.write(".lambdaignore", "# notes\n*.md\n!keep.md\n/tests/\n")
        repository.write("pyproject.toml", '[tool.lambda-bootstrap]\nexclude = ["data/big.*", "pyproject.toml"]\n')

        assert names(repository.built("app.handler")) == {"app.py", "docs/keep.md", "data/small.bin"}

    def test_patterns_of_dependencies(self, repository: Repository) -> None:
        """Patterns leave out files of dependencies too."""
        repository.index.wheel("large", files={"large/__init__.py": "", "large/tests/data.bin": "x"})
        repository.write("requirements.txt", "large")
        repository.write(".lambdaignore", "large/tests/\n")

        assert not any("tests" in name for name in names(repository.built("app.handler")))

    def test_include(self, repository: Repository) -> None:
        """`include` brings in what would be left out, and what lies beside a package that goes in as a wheel."""
        more = '[tool.lambda-bootstrap]\ninclude = ["data/*.json", "node_modules/x.js"]\n'
        repository.package(".", "shop", more=more, shop="def handler(event): return 1\n")
        for name in ("data/a.json", "data/b.txt", "node_modules/x.js"):
            repository.write(name)
        package = repository.built("shop.handler")

        assert {name for name in names(package) if not name.startswith("shop")} == {"data/a.json", "node_modules/x.js"}


def test_draft_of_a_killed_build(repository: Repository) -> None:
    """What a build left that was killed while it wrote its zip stays at home."""
    repository.write("dist/.shop-x86_64.0a1b2c3d.zip.part")

    assert names(repository.built("app.handler")) == {"app.py"}


class TestSecrets:
    """What must never be in a package."""

    @pytest.mark.parametrize(
        "name", [".env", ".env.production", "conf/.aws/credentials", ".ssh/config", "id_ed25519", ".netrc", ".pypirc"]
    )
    def test_names(self, repository: Repository, name: str) -> None:
        """Files that have credentials are an error that names them and says what to do."""
        repository.write(name, "SECRET=1\n")

        assert repository.refused("app.handler") == (
            f"{name} must not go to Lambda: move it, or exclude it in .lambdaignore. "
            "If it is meant to go, name it in include of [tool.lambda-bootstrap]"
        )

    def test_key(self, repository: Repository) -> None:
        """A private key is found by what it has, whatever it is called; a program that looks for one is none."""
        repository.write("data/server.txt", KEY)
        repository.write("reads.py", 'if text.startswith("-----BEGIN PRIVATE KEY-----"):\n    pass\n')

        assert repository.refused("app.handler").startswith("data/server.txt must not go to Lambda")

    def test_examples(self, repository: Repository) -> None:
        """An example of such a file has no secrets in it."""
        repository.write(".env.example", "SECRET=\n")

        assert ".env.example" in names(repository.built("app.handler"))

    def test_meant(self, repository: Repository) -> None:
        """What `include` names goes in, and what is excluded is no error."""
        repository.write("test.pem", KEY)
        repository.write(".env", "A=1")
        repository.write(".lambdaignore", ".env\n")
        repository.write("pyproject.toml", '[tool.lambda-bootstrap]\ninclude = ["test.pem"]\n')

        assert names(repository.built("app.handler")) == {"app.py", "test.pem", "pyproject.toml"}

    def test_in_a_wheel(self, repository: Repository) -> None:
        """A secret that a build backend puts into the wheel of a folder is found too."""
        repository.package("../lib", "gamma")
        repository.write("../lib/src/gamma/.env", "A=1")
        repository.write("requirements.txt", "-e ../lib")

        assert repository.refused("app.handler").startswith("gamma/.env must not go to Lambda")


class TestLinks:
    """Symbolic links."""

    def test_inside(self, repository: Repository) -> None:
        """Links to files and folders within the function's folder are followed."""
        repository.write("shared/a.py", "x = 1\n")
        (repository.root / "sub").mkdir()
        (repository.root / "sub" / "shared").symlink_to("../shared")
        (repository.root / "b.py").symlink_to("shared/a.py")

        assert names(repository.built("app.handler")) == {"app.py", "b.py", "shared/a.py", "sub/shared/a.py"}

    @pytest.mark.parametrize(
        ("target", "message"),
        [
            ("../elsewhere", "is a link out of the function's folder, to "),
            ("nowhere", "is a link that leads nowhere: remove it"),
            (".", "leads to a folder that it lies in"),
        ],
    )
    def test_outside(self, repository: Repository, target: str, message: str) -> None:
        """A link out of the folder, to nowhere or in a circle is an error that names it."""
        (repository.root.parent / "elsewhere").mkdir()
        (repository.root / "link").symlink_to(target)

        assert f"{repository.root}/link {message}" in repository.refused("app.handler")


class TestNames:
    """Names that no package can have."""

    def test_not_utf8(self, repository: Repository) -> None:
        """A name that isn't UTF-8 is told, readably."""
        (repository.root / os.fsdecode(b"caf\xe9.txt")).touch()

        assert repository.refused("app.handler").startswith(
            f"caf\\udce9.txt in {repository.root} has a name that isn't UTF-8"
        )

    @pytest.mark.parametrize("name", ["bootstrap", "lambda-bootstrap/x.py"])
    def test_ours(self, repository: Repository, name: str) -> None:
        """A file where the runtime's own would lie is an error, not lost."""
        repository.write(name)

        assert f"{repository.root}/{name} would take the place of the runtime's own" in repository.refused(
            "app.handler"
        )

    def test_machine_code(self, repository: Repository) -> None:
        """Machine code of another architecture in the function's folder is named."""
        other = {"x86_64": 183, "arm64": 62}[ARCH]
        repository.write("fast.so", b"\x7fELF\x02\x01\x01".ljust(18, b"\0") + other.to_bytes(2, "little"))

        assert repository.refused("app.handler").startswith(f"fast.so is not for {ARCH}")


KNOWN = "exclude, extras, functions, groups, handler, include, services"


class TestSettings:
    """`[tool.lambda-bootstrap]`."""

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("excludes = []", "[tool.lambda-bootstrap] has no 'excludes'; did you mean 'exclude'?"),
            ("zzz = 1", f"[tool.lambda-bootstrap] has no 'zzz'; it has {KNOWN}"),
            ('exclude = "x"', "exclude in [tool.lambda-bootstrap] has to be a list of texts, as in exclude = ['...']"),
            ("handler = 1", "handler in [tool.lambda-bootstrap] has to be a text like 'app.handler'"),
        ],
    )
    def test_wrong(self, repository: Repository, text: str, message: str) -> None:
        """A name that isn't known, or a value of another kind, is told with its file."""
        file = repository.write("pyproject.toml", f"[tool.lambda-bootstrap]\n{text}\n")

        assert repository.refused("app.handler") == f"{file}: {message}"

    def test_not_toml(self, repository: Repository) -> None:
        """A pyproject.toml that isn't TOML is told with its path."""
        file = repository.write("pyproject.toml", "[tool")

        assert repository.refused("app.handler").startswith(f"{file} cannot be read: ")
