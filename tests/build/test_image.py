"""`lambda-bootstrap build image`, as far as that goes without a container engine."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lambda_bootstrap_dev.build.base import Base, Kind, read
from lambda_bootstrap_dev.build.image import DOCKERFILE
from lambda_bootstrap_dev.build.image import repository as as_repository
from lambda_bootstrap_dev.errors import UsageError

from tests.support import ROOT
from tests.support.interpreters import PYTHON
from tests.support.rie import ARCH

if TYPE_CHECKING:
    from tests.support.repository import Repository

WITHOUT_ENGINE: dict[str, Any] = {"kind": "image", "PATH": str(Path(sys.executable).parent)}
TAG = f"cpython-{PYTHON.replace('.', '')}"
ENVIRONMENT = """\
FROM debian:trixie-slim
ENV LANG=C.UTF-8 \\
"""
OURS = """\
COPY runtime /var/runtime
WORKDIR /var/task
ENTRYPOINT ["/var/runtime/bootstrap"]
COPY dependencies ./
COPY function ./
CMD ["app.handler"]
"""
ON_OURS = """\
FROM registry.example/lambda-bootstrap:1
COPY dependencies ${LAMBDA_TASK_ROOT}/
COPY function ${LAMBDA_TASK_ROOT}/
CMD ["app.handler"]
"""
STAGES = """\
FROM python:3.14-slim AS build
COPY . /build
RUN python3 -m compileall -q --invalidation-mode unchecked-hash /build || true

FROM python:3.14-slim
COPY --from=build /build/runtime /var/runtime
WORKDIR /var/task
COPY --from=build /build/dependencies ./
COPY --from=build /build/function ./
ENTRYPOINT ["python3", "/var/runtime/lambda_bootstrap/bootstrap"]
CMD ["app.handler"]
"""
DEBIANS = """\
FROM debian:bookworm-slim AS python
RUN apt-get update && apt-get install --yes --no-install-recommends python3 && rm -rf /var/lib/apt/lists/*

FROM python AS build
"""


def files(folder: Path) -> set[str]:
    """The files in a folder of the image."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_own_python(repository: Repository) -> None:
    """Without a base there is our Python on Debian, with dependencies in a layer below the function's own."""
    repository.write("requirements.txt", "alpha")
    done = repository.build("app.handler", **WITHOUT_ENGINE)
    folder = repository.root / "dist" / f"shop-image-{ARCH}"
    dockerfile = (folder / "Dockerfile").read_text()
    platform = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}[ARCH]
    command = f"docker build --platform {platform} --tag shop:{ARCH} {folder}"

    assert (done.returncode, done.stdout) == (0, f"{folder}\n"), done.stderr
    assert done.stderr.splitlines()[-1] == f"warning: no container engine answers; where one does: {command}"
    assert dockerfile.startswith(ENVIRONMENT)
    assert dockerfile.endswith(OURS)
    assert files(folder / "function") == {"app.py", "requirements.txt", f"__pycache__/app.{TAG}.pyc"}
    assert {"alpha.py", f"__pycache__/alpha.{TAG}.pyc"} <= files(folder / "dependencies")
    assert {"bootstrap", "lambda-bootstrap/runtime/lambda_bootstrap/main.py"} <= files(folder / "runtime")
    names = {part["name"] for part in json.loads(Path(f"{folder}.cdx.json").read_text())["components"]}
    assert names == {"alpha", "cpython"}


def test_as_make_image() -> None:
    """The environment and the folder are those of the Dockerfile that `make image` builds."""
    theirs, ours = (ROOT / "Dockerfile").read_text(), DOCKERFILE
    parts = [re.findall(r"^ENV .*?[^\\]$|^WORKDIR [^\n]*$", text, re.DOTALL | re.MULTILINE) for text in (theirs, ours)]

    assert parts[0] == parts[1]
    assert len(parts[0]) == 2


def test_own_image(repository: Repository) -> None:
    """On an image of ours, a function's image has nothing but dependencies and code; no interpreter is asked for."""
    repository.write("requirements.txt", "alpha")
    folder = repository.built("app.handler", "--base", "registry.example/lambda-bootstrap:1", **WITHOUT_ENGINE)

    assert (folder / "Dockerfile").read_text() == ON_OURS
    assert {path.name for path in folder.iterdir()} == {"Dockerfile", "dependencies", "function"}


def test_base_with_python(repository: Repository) -> None:
    """On a base with a Python, a stage makes the byte code with just that Python, and the pure package is copied."""
    repository.write("requirements.txt", "alpha")
    done = repository.build("app.handler", "--base", "python:3.14-slim", "--python", "3.14", **WITHOUT_ENGINE)
    folder = Path(done.stdout.strip())

    assert (folder / "Dockerfile").read_text() == STAGES
    assert {"lambda_bootstrap/bootstrap", "lambda_bootstrap/main.py"} <= files(folder / "runtime")
    assert [name for part in folder.iterdir() if part.is_dir() for name in files(part) if name.endswith(".pyc")] == []


def test_nothing_but_code(repository: Repository) -> None:
    """Nothing is copied that isn't there, and without a handler the image has no command: Lambda gives it one."""
    done = repository.build("--base", "debian:bookworm-slim", "--python", "3.11", **WITHOUT_ENGINE)
    text = (Path(done.stdout.strip()) / "Dockerfile").read_text()

    assert text.startswith(DEBIANS)
    assert text.splitlines()[-2:] == [STAGES.splitlines()[-3], STAGES.splitlines()[-2]]
    assert "dependencies" not in text


def test_buildkit(repository: Repository) -> None:
    """Where the engine's client has BuildKit, Debian's lists of packages are in a mount that stays between builds."""
    client = repository.write("../tools/docker", "#!/bin/sh\n[ $1 = buildx ]\n")
    client.chmod(0o755)
    path = f"{client.parent}:{WITHOUT_ENGINE['PATH']}"
    done = repository.build("--base", "debian:trixie", "--python", "3.13", **{**WITHOUT_ENGINE, "PATH": path})
    lines = (Path(done.stdout.strip()) / "Dockerfile").read_text().splitlines()

    assert lines[1:3] == [
        "RUN --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \\",
        "    apt-get update && apt-get install --yes --no-install-recommends python3",
    ]


@pytest.mark.parametrize("asked", ["0", "1"])
def test_choice_of_buildkit(repository: Repository, asked: str) -> None:
    """DOCKER_BUILDKIT decides for the engine's client, and so for the Dockerfile."""
    how = {**WITHOUT_ENGINE, "DOCKER_BUILDKIT": asked}
    done = repository.build("--base", "debian:trixie", "--python", "3.13", **how)

    assert ("--mount" in (Path(done.stdout.strip()) / "Dockerfile").read_text()) == (asked == "1")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("Step 1/2 : FROM nowhere\npull access denied for nowhere\n", "pull access denied for nowhere"),
        ("ERROR: BuildKit is missing.\n       Install it:\n       https://docs.example\n", "BuildKit is missing."),
        ("", "it says nothing"),
    ],
)
def test_engine_that_fails(repository: Repository, said: str, reason: str) -> None:
    """Where the engine cannot build the image, the message has its command and its reason, in one line."""
    client = repository.write("../tools/docker", f"#!/bin/sh\n[ $1 != build ] || {{ printf '{said}'; exit 1; }}\n")
    client.chmod(0o755)
    message = repository.refused("app.handler", kind="image", PATH=f"{client.parent}:{os.environ['PATH']}")

    assert message.startswith("docker build --platform linux/")
    assert message.endswith(f" failed: {reason}")


def test_same_files(repository: Repository) -> None:
    """Two builds of the same repository have the same files, and neither packs the other."""
    repository.write("requirements.txt", "alpha")
    contents = []
    for _ in range(2):
        folder = repository.built("app.handler", **WITHOUT_ENGINE)
        contents.append({name: (folder / name).read_bytes() for name in files(folder)})

    assert contents[0] == contents[1]


def test_earlier_images(repository: Repository) -> None:
    """The folders of images in dist/ stay at home; another folder there goes in."""
    repository.built("app.handler", **WITHOUT_ENGINE)
    repository.write(f"dist/lambda-bootstrap-runtime-{ARCH}/runtime/bootstrap")
    repository.write("dist/pages/index.html")
    folder = repository.built("app.handler", **WITHOUT_ENGINE)

    assert {name for name in files(folder / "function") if "/" in name and "pyc" not in name} == {
        "dist/pages/index.html"
    }


def test_modes(repository: Repository) -> None:
    """Everybody may read what goes in, and enter its folders, however it lies in the repository."""
    repository.write("data/secret.txt").chmod(0o600)
    (repository.root / "data").chmod(0o700)
    folder = repository.built("app.handler", **WITHOUT_ENGINE) / "function"

    assert oct((folder / "data").stat().st_mode)[-3:] == "755"
    assert oct((folder / "data" / "secret.txt").stat().st_mode)[-3:] == "644"


def test_own_wheel(repository: Repository) -> None:
    """What is known of the project's own wheel changes with its code, and lies beside it, above the dependencies."""
    repository.package(".", "shop", '["alpha"]', shop="def handler(event): return 1\n")
    folder = repository.built("shop.handler", **WITHOUT_ENGINE)

    assert "shop-1.0.dist-info/METADATA" in files(folder / "function")
    assert [name for name in files(folder / "dependencies") if name.startswith("shop")] == []


def test_guide() -> None:
    """The guide shows the Dockerfiles that are written."""
    text = (ROOT / "docs" / "guides" / "build.md").read_text()

    assert re.findall(r"^```dockerfile\n(.*?)^```", text, re.DOTALL | re.MULTILINE) == [OURS, STAGES]


@pytest.mark.parametrize(
    ("image", "python", "kind", "version"),
    [
        ("lambda-bootstrap", "", Kind.OURS, ""),
        ("1.dkr.ecr.eu-west-1.amazonaws.com/lambda-bootstrap-runtime:x86_64", "3.13", Kind.OURS, "3.13"),
        ("python:3.14-slim", "", Kind.PYTHON, "3.14"),
        ("docker.io/library/python:3.13.5@sha256:00", "3.13", Kind.PYTHON, "3.13"),
        ("public.ecr.aws/lambda/python:3.12", "", Kind.PYTHON, "3.12"),
        ("registry:5000/team/base:7", "3.13", Kind.PYTHON, "3.13"),
        ("debian:bookworm-20251117-slim", "", Kind.DEBIAN, "3.11"),
        ("debian:13.2", "", Kind.DEBIAN, "3.13"),
        ("debian:sid", "3.14", Kind.DEBIAN, "3.14"),
    ],
)
def test_bases(image: str, python: str, kind: Kind, version: str) -> None:
    """A base's name tells what is in it: our runtime, Debian, or a Python of which version."""
    assert read(image, python) == Base(image, kind, version)


@pytest.mark.parametrize(
    ("image", "python", "message"),
    [
        ("python:slim", "", "--base is python:slim, whose name doesn't tell which Python it has: add --python"),
        ("debian:sid", "", "--base is debian:sid, whose name doesn't tell which Python it has: add --python"),
        ("python:3.14", "3.13", "--base is python:3.14, which has Python 3.14, and --python is 3.13"),
        ("python:3.14-alpine", "", "--base is python:3.14-alpine, whose C library is musl, which Lambda's wheels"),
    ],
)
def test_wrong_bases(image: str, python: str, message: str) -> None:
    """A base whose Python isn't known, is another one, or has another C library is refused."""
    with pytest.raises(UsageError) as refused:
        read(image, python)
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize(("name", "tag"), [("Shop", "shop"), ("my_shop.2", "my-shop-2"), ("--", "function")])
def test_repository(name: str, tag: str) -> None:
    """The image is called as the function, in the letters that registries take."""
    assert as_repository(name) == tag
