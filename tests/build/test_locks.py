"""Which versions go in: every kind of lock, for the target, from the user's own index, held to hashes."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.support.index import digest, serve
from tests.support.interpreters import MACHINES, PYTHON
from tests.support.repository import names
from tests.support.rie import ARCH

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repository import Repository

CP = f"cp{PYTHON.replace('.', '')}"
OTHER = {"x86_64": "arm64", "arm64": "x86_64"}[ARCH]
PROJECT = '[project]\nname = "shop"\nversion = "1.0"\nrequires-python = ">=3.11"\ndependencies = ["beta"]\n'
POETRY = """\
[tool.poetry]
name = "shop"
version = "1.0"
package-mode = false
[tool.poetry.dependencies]
python = "^3.11"
"""


def versions(package: Path) -> dict[str, str]:
    """The packages in a zip with their versions."""
    infos = [name.split("/")[0] for name in names(package) if name.endswith(".dist-info/METADATA")]
    return dict(info.removesuffix(".dist-info").split("-") for info in infos)


def poetry_entry(file: Path, more: str = "") -> str:
    """A package in poetry.lock."""
    name, version = file.name.split("-")[:2]
    return (
        f'[[package]]\nname = "{name}"\nversion = "{version}"\npython-versions = ">=3.8"\noptional = false\n'
        f'files = [{{file = "{file.name}", hash = "{digest(file)}"}}]\n{more}'
    )


def file_in(repository: Repository, name: str, version: str = "1.0") -> Path:
    """A wheel of the index."""
    return next(file for file in repository.index.files(name) if file.name.startswith(f"{name}-{version}-"))


class TestUv:
    """uv.lock."""

    def test_versions(self, repository: Repository) -> None:
        """What is locked goes in, whatever is newer by now."""
        repository.write("pyproject.toml", PROJECT.replace('"beta"', '"alpha<2", "beta"'))
        repository.uv("lock")
        repository.write("pyproject.toml", PROJECT)
        text = (repository.root / "uv.lock").read_text()
        repository.write("uv.lock", text.replace('{ name = "alpha", specifier = "<2" },\n', ""))

        assert versions(repository.built("app.handler")) == {"alpha": "1.0", "beta": "1.0"}

    def test_first_of_all(self, repository: Repository) -> None:
        """Where there are several, uv.lock counts, and requirements.txt doesn't."""
        repository.write("pyproject.toml", PROJECT.replace("beta", "alpha<2"))
        repository.uv("lock")
        repository.write("requirements.txt", "alpha==2.0\n")

        assert versions(repository.built("app.handler")) == {"alpha": "1.0"}

    def test_groups_and_extras(self, repository: Repository) -> None:
        """Extras and groups that [tool.lambda-bootstrap] names go in; the group `dev` doesn't by itself."""
        more = '[project.optional-dependencies]\nx = ["alpha"]\n[dependency-groups]\ndev = ["beta"]\njobs = ["fast"]\n'
        project = PROJECT.replace('["beta"]', "[]") + more
        repository.write("pyproject.toml", project)
        repository.uv("lock")
        plain = versions(repository.built("app.handler"))
        repository.write("pyproject.toml", f'{project}[tool.lambda-bootstrap]\nextras = ["x"]\ngroups = ["jobs"]\n')

        assert plain == {}
        assert versions(repository.built("app.handler")) == {"alpha": "2.0", "fast": "1.0"}

    @pytest.mark.parametrize("asked", ["fast", "beta>=0.5"])
    def test_out_of_date(self, repository: Repository, asked: str) -> None:
        """A dependency that was added or changed since the lock was written is an error that says what to run."""
        repository.write("pyproject.toml", PROJECT)
        repository.uv("lock")
        repository.write("pyproject.toml", PROJECT.replace('"beta"', f'"{asked}"'))

        assert repository.refused("app.handler") == (
            f"uv.lock doesn't know '{asked}', which pyproject.toml asks for: uv lock"
        )

    def test_workspace(self, repository: Repository) -> None:
        """A member of a workspace goes in as code, not as a link to this machine; the members aren't copied as well."""
        repository.package("libs/gamma", "gamma", '["alpha"]')
        workspace = '[tool.uv.workspace]\nmembers = ["libs/*"]\n[tool.uv.sources]\ngamma = { workspace = true }\n'
        repository.write("pyproject.toml", PROJECT.replace("beta", "gamma") + workspace)
        repository.write("app.py", "import gamma\n\n\ndef handler(event, context):\n    return gamma.NAME\n")
        repository.uv("lock")
        package = repository.built("app.handler")

        assert {"gamma/__init__.py", "alpha.py"} <= names(package)
        assert [name for name in names(package) if name.endswith(".pth") or name.startswith("libs")] == []
        assert repository.answer(package, "app.handler") == "gamma"

    def test_member(self, repository: Repository) -> None:
        """A function in a member of a workspace has the lock of the whole workspace, and its siblings as wheels."""
        repository.package("libs/gamma", "gamma", '["alpha<2"]')
        repository.write(
            "services/orders/app.py", "import gamma\n\n\ndef handler(event, context):\n    return gamma.NAME\n"
        )
        sources = "[tool.uv.sources]\ngamma = { workspace = true }\n"
        repository.write(
            "services/orders/pyproject.toml", PROJECT.replace("beta", "gamma").replace("shop", "orders") + sources
        )
        repository.write("pyproject.toml", '[tool.uv.workspace]\nmembers = ["libs/*", "services/*"]\n')
        repository.uv("lock")
        package = repository.built("services/orders/app.handler")

        assert package == repository.root / "services" / "orders" / "dist" / f"orders-{ARCH}.zip"
        assert versions(package) == {"gamma": "1.0", "alpha": "1.0"}
        assert repository.answer(package, "app.handler") == "gamma"

    def test_own_index(self, repository: Repository, tmp_path: Path) -> None:
        """A default index in [tool.uv] is where packages come from, with its credentials, for locks and without."""
        with serve(tmp_path / "private", password="secret") as private:  # noqa: S106 - of this test
            private.wheel("alpha", "1.5")
            table = f'[[tool.uv.index]]\nname = "house"\nurl = "{private.url}"\ndefault = true\n'
            repository.write("pyproject.toml", PROJECT.replace("beta", "alpha") + table)
            del repository.environ["UV_DEFAULT_INDEX"]
            repository.environ |= {"UV_INDEX_HOUSE_USERNAME": "user", "UV_INDEX_HOUSE_PASSWORD": "secret"}
            unlocked = versions(repository.built("app.handler"))
            repository.uv("lock")
            repository.environ["UV_CACHE_DIR"] += "-2"
            private.asked.clear()

            assert (unlocked, versions(repository.built("app.handler"))) == ({"alpha": "1.5"}, {"alpha": "1.5"})
            assert "/files/alpha-1.5-py3-none-any.whl" in private.asked
        assert repository.index.asked == []

    def test_hash(self, repository: Repository) -> None:
        """A wheel that isn't the one that was locked is refused."""
        repository.write("pyproject.toml", PROJECT.replace("beta", "alpha<2"))
        repository.uv("lock")
        repository.environ["UV_CACHE_DIR"] += "-2"
        repository.index.wheel("alpha", "1.0", files={"alpha.py": "import evil\n"})

        assert "Hash mismatch for `alpha" in repository.refused("app.handler")


class TestTarget:
    """What the target needs, not this machine."""

    @pytest.mark.parametrize("arch", ["x86_64", "arm64"])
    def test_machine(self, repository: Repository, arch: str) -> None:
        """The wheel for the target's machine goes in."""
        repository.write("pyproject.toml", PROJECT.replace("beta", "fast"))
        repository.uv("lock")
        with zipfile.ZipFile(repository.built("app.handler", "--arch", arch)) as file:
            assert f"manylinux_2_28_{MACHINES[arch]}" in file.read("fast.py").decode()

    @pytest.mark.parametrize("lock", [True, False])
    def test_old_library(self, repository: Repository, lock: bool) -> None:  # noqa: FBT001 - a parameter
        """A wheel for a later C library than the target's is refused, with what there is."""
        repository.write("pyproject.toml", PROJECT.replace("beta", "fast"))
        if lock:
            repository.uv("lock")
        message = repository.refused("app.handler", "--glibc", "2.26")

        assert f"for Python {PYTHON} on {ARCH} with glibc 2.26" in message
        if lock:
            assert message.startswith(f"fast 1.0 in uv.lock has no wheel for Python {PYTHON}")
            assert f"it has {CP}-{CP}-manylinux_2_28_{MACHINES[ARCH]}. Lock a version that has one" in message

    def test_markers(self, repository: Repository) -> None:
        """Markers are those of the target: what is for another machine or system stays away."""
        machine = MACHINES[OTHER]
        needs = f"alpha ; platform_machine == '{machine}'\nbeta ; sys_platform == 'win32'\n"
        repository.write("requirements.txt", needs)
        here, there = repository.built("app.handler"), repository.built("app.handler", "--arch", OTHER)

        assert (versions(here), versions(there)) == ({}, {"alpha": "2.0"})

    def test_source_only(self, repository: Repository) -> None:
        """A package without wheels is named, with what can be done."""
        (repository.index.folder / "old-1.0.tar.gz").write_bytes(b"")
        repository.write("requirements.txt", "old")
        message = repository.refused("app.handler")

        assert "requirements.txt has no solution in wheels" in message
        assert "old" in message

    @pytest.mark.parametrize("lock", [True, False])
    def test_build_sdists(self, repository: Repository, lock: bool) -> None:  # noqa: FBT001 - a parameter
        """With --build-sdists a package without wheels is built, if that gives one that the target takes."""
        repository.sdist("old")
        repository.write("pyproject.toml", PROJECT.replace("beta", "old"))
        if lock:
            repository.uv("lock")
        refusal = repository.refused("app.handler")
        package = repository.built("app.handler", "--build-sdists", "--arch", OTHER)

        assert "--build-sdists if it is pure Python or this machine is like the target" in refusal or not lock
        assert versions(package) == {"old": "1.0"}
        assert "old/__init__.py" in names(package)

    def test_build_sdist_of_machine_code(self, repository: Repository) -> None:
        """A package whose build gives machine code for this machine is refused for another Python."""
        repository.sdist("old", more=f'description = "cp27-cp27m-linux_{MACHINES[ARCH]}"\n')
        repository.write("requirements.txt", "old")

        assert "old" in repository.refused("app.handler", "--build-sdists")

    @pytest.mark.parametrize("glibc", [34, 35])
    def test_glibc_of_what_is_built(self, repository: Repository, glibc: int) -> None:
        """Machine code that is built here goes in unless it asks for a later C library than the target's."""
        tag = f"cp{PYTHON.replace('.', '')}-cp{PYTHON.replace('.', '')}-linux_{MACHINES[ARCH]}"
        repository.package("lib", "gamma", more=f'description = "{tag}"\n')
        machine = {"x86_64": 62, "arm64": 183}[ARCH].to_bytes(2, "little")
        code = b"\x7fELF".ljust(18, b"\0") + machine + f"\0GLIBC_2.17\0GLIBC_2.{glibc}\0".encode()
        repository.write("lib/src/gamma/fast.so", code)
        repository.write("requirements.txt", "./lib\n")

        if glibc == 34:
            assert "gamma/fast.so" in names(repository.built("app.handler"))
        else:
            message = repository.refused("app.handler")
            assert message.startswith("gamma/fast.so, which was built here, needs glibc 2.35, and the target is Python")

    def test_source_only_in_lock(self, repository: Repository) -> None:
        """A package that a lock has as source only is named before anything is fetched."""
        text = 'lock-version = "1.0"\ncreated-by = "me"\n[[packages]]\nname = "old"\nversion = "1.0"\n'
        repository.write("pylock.toml", f'{text}sdist = {{ url = "http://x.invalid/old-1.0.tar.gz", hashes = {{}} }}\n')

        message = repository.refused("app.handler")

        assert message.startswith("old 1.0 in pylock.toml comes as source only (http://x.invalid/old-1.0.tar.gz), ")

    @pytest.mark.parametrize(
        "text",
        [
            '[project]\nname = "shop"\nversion = "1"\nrequires-python = "<3.10"\n',
            '[tool.poetry]\nname = "shop"\n[tool.poetry.dependencies]\npython = "~3.9"\n',
        ],
    )
    def test_requires_python(self, repository: Repository, text: str) -> None:
        """A Python that the project excludes is refused."""
        repository.write("pyproject.toml", text)

        assert f"which excludes Python {PYTHON}: choose another --python" in repository.refused("app.handler")
        every = repository.refused("app.handler", "--python", "")
        assert "excludes every Python there is an interpreter for: 3.13, " in every

    def test_local_machine_code(self, repository: Repository) -> None:
        """A dependency in a folder whose wheel is for this machine only is refused."""
        repository.package("lib", "gamma", more='description = "cp27-cp27m-macosx_10_9_x86_64"\n')
        repository.write("requirements.txt", "./lib\n")

        assert "has machine code, and what is built of it here is gamma-1.0-cp27" in repository.refused("app.handler")


class TestPylock:
    """pylock.toml."""

    def test_versions(self, repository: Repository) -> None:
        """Versions, hashes, markers, groups and folders are those of the file, and wheels come from where it says."""
        first, second = file_in(repository, "alpha"), file_in(repository, "fast")
        second = next(file for file in repository.index.files("fast") if MACHINES[ARCH] in file.name)
        repository.package("lib", "gamma")
        marker = "'jobs' in dependency_groups"

        def wheel(file: Path) -> str:
            return f'{{ url = "{repository.index.address(file)}", hashes = {{ sha256 = "{digest(file)[7:]}" }} }}'

        rows = [
            'lock-version = "1.0"\ncreated-by = "me"\ndependency-groups = ["jobs"]\n',
            f'[[packages]]\nname = "alpha"\nversion = "1.0"\nwheels = [{wheel(first)}]\n',
            f'[[packages]]\nname = "fast"\nversion = "1.0"\nmarker = "{marker}"\nwheels = [{wheel(second)}]\n',
            '[[packages]]\nname = "gamma"\ndirectory = { path = "lib" }\n',
        ]
        repository.write("pylock.toml", "".join(rows))
        plain = versions(repository.built("app.handler"))
        repository.write("pyproject.toml", '[tool.lambda-bootstrap]\ngroups = ["jobs"]\n')

        assert plain == {"alpha": "1.0", "gamma": "1.0"}
        assert versions(repository.built("app.handler")) == {"alpha": "1.0", "gamma": "1.0", "fast": "1.0"}

    def test_broken(self, repository: Repository) -> None:
        """A file that isn't a lock is told with what is wrong with it."""
        repository.write("pylock.toml", "packages = [")

        assert repository.refused("app.handler").startswith("pylock.toml cannot be read: TOMLDecodeError")


class TestPoetry:
    """poetry.lock, of Poetry 1 and 2."""

    def test_versions(self, repository: Repository) -> None:
        """What the project asks for goes in, with what that asks for; the group `dev` and unwanted extras don't."""
        beta, alpha = file_in(repository, "beta"), file_in(repository, "alpha")
        fast = next(file for file in repository.index.files("fast") if MACHINES[ARCH] in file.name)
        repository.write("pyproject.toml", f'{POETRY}beta = "^1.0"\n[tool.poetry.group.dev.dependencies]\nfast = "*"\n')
        lock = [
            poetry_entry(beta, '[package.dependencies]\nalpha = ">=1,<2"\n'),
            poetry_entry(alpha),
            poetry_entry(fast),
        ]
        repository.write("poetry.lock", "".join(lock))
        package = repository.built("app.handler")

        assert versions(package) == {"alpha": "1.0", "beta": "1.0"}

    def test_groups_and_extras(self, repository: Repository) -> None:
        """Wanted extras and groups go in, and extras of dependencies too."""
        wheels = [file_in(repository, "alpha"), file_in(repository, "beta")]
        wheels += [file for file in repository.index.files("fast") if MACHINES[ARCH] in file.name]
        project = (
            f'{POETRY}alpha = {{version = "*", optional = true}}\n[tool.poetry.extras]\nx = ["alpha"]\n'
            '[tool.poetry.group.jobs.dependencies]\nbeta = {version = "*", extras = ["quick"]}\n'
            '[tool.lambda-bootstrap]\nextras = ["x"]\ngroups = ["jobs"]\n'
        )
        more = '[package.dependencies]\nfast = {version = "*", optional = true}\n[package.extras]\nquick = ["fast"]\n'
        repository.write("pyproject.toml", project)
        repository.write("poetry.lock", "".join(poetry_entry(file, more * (file == wheels[1])) for file in wheels))

        assert versions(repository.built("app.handler")) == {"alpha": "1.0", "beta": "1.0", "fast": "1.0"}

    def test_versions_by_marker(self, repository: Repository) -> None:
        """Of a package that is locked in two versions, the target's goes in."""
        old, new = file_in(repository, "alpha", "1.0"), file_in(repository, "alpha", "2.0")
        rows = [
            poetry_entry(old, f"markers = \"platform_machine == '{MACHINES[ARCH]}'\"\n"),
            poetry_entry(new, f"markers = \"platform_machine != '{MACHINES[ARCH]}'\"\n"),
        ]
        repository.write("pyproject.toml", f'{POETRY}alpha = "*"\n')
        repository.write("poetry.lock", "".join(rows))
        here, there = repository.built("app.handler"), repository.built("app.handler", "--arch", OTHER)

        assert (versions(here), versions(there)) == ({"alpha": "1.0"}, {"alpha": "2.0"})

    def test_project_table(self, repository: Repository) -> None:
        """Poetry 2's projects ask for their dependencies in [project]."""
        repository.write("pyproject.toml", PROJECT.replace("beta", "alpha>=1"))
        repository.write("poetry.lock", poetry_entry(file_in(repository, "alpha")))

        assert versions(repository.built("app.handler")) == {"alpha": "1.0"}

    def test_missing(self, repository: Repository) -> None:
        """A dependency without an entry in the lock is named, with who asks for it."""
        repository.write("pyproject.toml", f'{POETRY}beta = "*"\n')
        repository.write(
            "poetry.lock", poetry_entry(file_in(repository, "beta"), '[package.dependencies]\nalpha = "*"\n')
        )

        assert repository.refused("app.handler") == (
            "poetry.lock has no alpha that suits, which beta asks for: poetry lock"
        )

    def test_folder(self, repository: Repository) -> None:
        """A path dependency, `develop` too, goes in as a wheel."""
        repository.package("../lib", "gamma")
        repository.write("pyproject.toml", f'{POETRY}gamma = {{path = "../lib", develop = true}}\n')
        entry = '[[package]]\nname = "gamma"\nversion = "1.0"\npython-versions = "*"\nfiles = []\ndevelop = true\n'
        repository.write("poetry.lock", f'{entry}[package.source]\ntype = "directory"\nurl = "../lib"\n')
        package = repository.built("app.handler")

        assert "gamma/__init__.py" in names(package)
        assert [name for name in names(package) if name.endswith(".pth")] == []

    def test_own_index(self, repository: Repository, tmp_path: Path) -> None:
        """Poetry's sources are asked, with the credentials in Poetry's variables."""
        with serve(tmp_path / "private", password="secret") as private:  # noqa: S106 - of this test
            wheel = private.wheel("alpha", "1.5")
            table = f'[[tool.poetry.source]]\nname = "my-house"\nurl = "{private.url}"\npriority = "explicit"\n'
            repository.write("pyproject.toml", f'{POETRY}alpha = {{version = "*", source = "my-house"}}\n{table}')
            source = f'[package.source]\ntype = "legacy"\nurl = "{private.url}"\nreference = "my-house"\n'
            repository.write("poetry.lock", poetry_entry(wheel, source))
            login = {"POETRY_HTTP_BASIC_MY_HOUSE_USERNAME": "user", "POETRY_HTTP_BASIC_MY_HOUSE_PASSWORD": "secret"}

            assert versions(repository.built("app.handler", **login)) == {"alpha": "1.5"}

    def test_without_a_lock(self, repository: Repository) -> None:
        """A Poetry 1 project without a lock is resolved by what its tables say, and nothing is built for that."""
        repository.write("pyproject.toml", f'{POETRY}alpha = "^1.0"\nbeta = {{version = "1.*"}}\n')

        assert versions(repository.built("app.handler")) == {"alpha": "1.0", "beta": "1.0"}

    def test_build_backend(self, repository: Repository) -> None:
        """A Poetry 1 project that names a build backend is resolved without a build, and its module is copied."""
        poetry = POETRY.replace("package-mode = false\n", "")
        backend = '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n'
        repository.write("pyproject.toml", f'{poetry}alpha = "^1.0"\n{backend}')
        package = repository.built("app.handler")

        assert versions(package) == {"alpha": "1.0"}
        assert "app.py" in names(package)


class TestPdm:
    """pdm.lock."""

    def test_versions(self, repository: Repository) -> None:
        """What the project asks for goes in, with extras of dependencies and wanted groups, for the target."""
        beta, alpha = file_in(repository, "beta"), file_in(repository, "alpha")
        fast = next(file for file in repository.index.files("fast") if MACHINES[ARCH] in file.name)

        def entry(file: Path, more: str) -> str:
            name, version = file.name.split("-")[:2]
            files = f'files = [{{file = "{file.name}", hash = "{digest(file)}"}}]\n'
            return f'[[package]]\nname = "{name}"\nversion = "{version}"\nrequires_python = ">=3.8"\n{files}{more}'

        groups = '[dependency-groups]\ndev = ["fast"]\n'
        repository.write("pyproject.toml", PROJECT.replace("beta", "beta[more]") + groups)
        needs = (
            'dependencies = ["beta==1.0", "alpha<2; sys_platform == \'linux\'", "gone; sys_platform == \'win32\'"]\n'
        )
        rows = [entry(beta, ""), entry(beta, f'extras = ["more"]\n{needs}'), entry(alpha, ""), entry(fast, "")]
        repository.write("pdm.lock", "".join(rows))
        plain = versions(repository.built("app.handler"))
        repository.write(
            "pyproject.toml",
            PROJECT.replace("beta", "beta[more]") + groups + '[tool.lambda-bootstrap]\ngroups = ["dev"]\n',
        )

        assert plain == {"alpha": "1.0", "beta": "1.0"}
        assert versions(repository.built("app.handler")) == {"alpha": "1.0", "beta": "1.0", "fast": "1.0"}

    def test_folder(self, repository: Repository) -> None:
        """A path dependency goes in as a wheel."""
        repository.package("../lib", "gamma")
        repository.write("pyproject.toml", PROJECT.replace('"beta"', '"gamma @ file:///${PROJECT_ROOT}/../lib"'))
        repository.write("pdm.lock", '[[package]]\nname = "gamma"\nversion = "1.0"\npath = "../lib"\neditable = true\n')

        assert "gamma/__init__.py" in names(repository.built("app.handler"))


class TestRequirements:
    """requirements.txt, and pyproject.toml without a lock."""

    @pytest.mark.parametrize("line", ["-e ../lib", "../lib", "--editable ../lib"])
    def test_folder(self, repository: Repository, line: str) -> None:
        """A folder, editable too, goes in as a wheel, with what it asks for."""
        repository.package("../lib", "gamma", '["alpha<2"]')
        repository.write("requirements.txt", f"{line}\n")
        package = repository.built("app.handler")

        assert versions(package) == {"gamma": "1.0", "alpha": "1.0"}
        assert "gamma/__init__.py" in names(package)
        assert [name for name in names(package) if name.endswith(".pth")] == []

    def test_hashes(self, repository: Repository) -> None:
        """A hash in requirements.txt holds."""
        repository.write("requirements.txt", f"alpha==1.0 --hash=sha256:{'0' * 64}\n")

        assert "alpha" in repository.refused("app.handler")

    def test_pip_settings(self, repository: Repository, tmp_path: Path) -> None:
        """Where uv has been told nothing, pip's settings say where packages come from, variables before files."""
        with serve(tmp_path / "private") as private:
            private.wheel("alpha", "1.5")
            del repository.environ["UV_DEFAULT_INDEX"]
            config = tmp_path / "pip.conf"
            config.write_text(f"[global]\nindex-url = {private.url}\n")
            repository.write("requirements.txt", "alpha")
            by_file = versions(repository.built("app.handler", PIP_CONFIG_FILE=str(config)))
            by_variable = versions(
                repository.built("app.handler", PIP_CONFIG_FILE=str(config), PIP_INDEX_URL=repository.index.url)
            )

        assert (by_file, by_variable) == ({"alpha": "1.5"}, {"alpha": "2.0"})

    def test_ours(self, repository: Repository) -> None:
        """Our own distributions are never fetched: the package has the runtime, and no function needs the tools."""
        repository.write("requirements.txt", "lambda-bootstrap[dev]\nalpha\n")

        assert versions(repository.built("app.handler")) == {"alpha": "2.0"}

    def test_no_solution(self, repository: Repository) -> None:
        """What the index doesn't have is told in one line."""
        repository.write("requirements.txt", "alpha>3\n")
        message = repository.refused("app.handler")

        assert "requirements.txt has no solution in wheels for Python" in message
        assert "alpha" in message

    def test_dynamic(self, repository: Repository) -> None:
        """Dependencies that only the build backend knows are asked of it."""
        repository.package(".", "shop", more='dynamic = ["dependencies"]\n', shop="def handler(event): return 1\n")
        text = (repository.root / "pyproject.toml").read_text().replace("dependencies = []\n", "")
        repository.write("pyproject.toml", text)

        assert versions(repository.built("shop.handler")) == {"shop": "1.0", "alpha": "2.0"}

    def test_dynamic_extras(self, repository: Repository) -> None:
        """Extras that only the build backend knows are none of its business if nobody asks for them."""
        project = PROJECT.replace("[project]\n", '[project]\ndynamic = ["version", "optional-dependencies"]\n')
        repository.write("pyproject.toml", project.replace('version = "1.0"\n', ""))

        assert "alpha" in versions(repository.built("app.handler"))


def test_interpreter_nowhere(repository: Repository) -> None:
    """An interpreter that is neither in a folder nor in the index is told, with where it was looked for."""
    message = repository.refused("app.handler", "--python", "3.13")

    assert message.startswith("lambda-bootstrap-python==3.13.")
    assert "isn't in your index, and no folder that --find-links or PIP_FIND_LINKS names has its wheel" in message


def test_unknown_interpreter(repository: Repository) -> None:
    """A Python that there is no interpreter for is told, with those that there are."""
    message = repository.refused("app.handler", "--python", "3.99")

    assert message.startswith(f"there is no interpreter for Python 3.99 on {ARCH}; there is 3.13, {PYTHON}: ")


def test_interpreter_in_the_index(repository: Repository) -> None:
    """An interpreter of the index is held to the pinned hash."""
    for wheel in repository.interpreters.glob("*.whl"):
        (repository.index.folder / wheel.name.replace(PYTHON, "3.13")).write_bytes(wheel.read_bytes())

    assert "lambda-bootstrap-python==3.13" in repository.refused("app.handler", "--python", "3.13")
