"""What the tests of `lambda-bootstrap build` start with: an index, interpreters, and a repository with a function."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.index import Index, serve
from tests.support.interpreters import PYTHON, build_wheel
from tests.support.repository import HANDLER, Repository

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(name="interpreters", scope="session")
def _interpreters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with interpreters' wheels for both architectures."""
    folder = tmp_path_factory.mktemp("interpreters")
    for arch in ("x86_64", "arm64"):
        build_wheel(folder, arch=arch)
    return folder


@pytest.fixture(name="index")
def _index(tmp_path: Path) -> Iterator[Index]:
    """An index with `alpha` in two versions, `beta`, which asks for it, and `fast`, for two machines."""
    with serve(tmp_path / "index") as index:
        for version in ("1.0", "2.0"):
            index.wheel("alpha", version)
        index.wheel("beta", requires=["alpha"])
        tag = f"cp{PYTHON.replace('.', '')}-cp{PYTHON.replace('.', '')}"
        for machine in ("x86_64", "aarch64"):
            index.wheel("fast", tag=f"{tag}-manylinux_2_28_{machine}")
        yield index


@pytest.fixture(name="repository")
def _repository(tmp_path: Path, index: Index, interpreters: Path) -> Repository:
    """A repository that is empty but for a function, whose owner has told uv about the index."""
    place = tmp_path / "interpreters"
    place.symlink_to(interpreters)
    (tmp_path / "shop" / ".git").mkdir(parents=True)
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "VIRTUAL_ENV"))},
        "UV_DEFAULT_INDEX": index.url,
        "UV_CACHE_DIR": str(tmp_path / "cache"),
        "UV_PYTHON_DOWNLOADS": "never",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path / "home"),
    }
    repository = Repository(tmp_path / "shop", index, place, environ)
    repository.write("app.py", HANDLER)
    return repository
