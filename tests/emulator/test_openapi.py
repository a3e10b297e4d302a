"""The description of the emulator's APIs, docs/reference/openapi.yaml: schemathesis finds no answer that differs."""

from __future__ import annotations

import os
import subprocess
import threading
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from lambda_bootstrap_dev.emulator import routes
from lambda_bootstrap_dev.testing import Emulator

from tests.support import ROOT
from tests.support.served import Served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DESCRIPTION = ROOT / "docs" / "reference" / "openapi.yaml"
SCHEMATHESIS = ROOT / ".cache" / "schemathesis" / "bin" / "schemathesis"
with_schemathesis = pytest.mark.skipif(not SCHEMATHESIS.exists(), reason="make .cache/schemathesis/.made")
APP = "def handler(event, context):\n    return event if isinstance(event, dict) else str(event)\n"
# In CI a test is the same each time; `SCHEMATHESIS_SEED=2` tries others.
SEED = os.environ.get("SCHEMATHESIS_SEED", "1")
EXAMPLES = 25


def check(folder: Path, authority: str, tag: str, *options: str) -> None:
    """Try requests to all that has a tag, in a folder: schemathesis finds no answer that isn't as described."""
    command = [
        *(str(SCHEMATHESIS), "run", str(DESCRIPTION), "--url", f"http://{authority}", "--include-tag", tag),
        *("--phases", "coverage,fuzzing", "--max-examples", str(EXAMPLES), "--seed", SEED),
        *("--request-timeout", "20", "--no-color", *options),
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(name="served", scope="module")
def _served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder: Path = tmp_path_factory.mktemp("openapi")
    (folder / "app.py").write_text(APP)
    with Served(folder, "app.handler", "--url-port", "0") as served:
        yield served


@with_schemathesis
def test_invoke(tmp_path: Path, served: Served) -> None:
    """Every call to invoke, right or wrong, is answered as the description says."""
    check(tmp_path, served.authority, "invoke")


@with_schemathesis
def test_url(tmp_path: Path, served: Served) -> None:
    """Every request to a Function URL is answered as the description says."""
    check(tmp_path, served.url(), "url", "--exclude-checks", "unsupported_method")  # it takes any


@with_schemathesis
@pytest.mark.parametrize("tag", ["runtime", "extensions"])
def test_runtime(tmp_path: Path, tag: str) -> None:
    """Every call of a runtime or an extension, in any order, is answered as the description says."""
    over = threading.Event()

    def keep_calling(emulator: Emulator) -> None:
        while not over.is_set():
            emulator.invoke()

    with Emulator(timeout=0.1, init_timeout=0.5) as emulator:
        caller = threading.Thread(target=keep_calling, args=[emulator])
        caller.start()
        # A call may be right by itself, and for no invocation that there is.
        options = ["--exclude-checks", "positive_data_acceptance"]
        # Nobody restores a snapshot here, or has extensions that may hear of events: such calls are held for ever.
        options += ["--exclude-path-regex", "restore/next|extension/event/next"]
        try:
            check(tmp_path, emulator.address, tag, *options)
        finally:
            over.set()
            caller.join()


def test_all_routes() -> None:
    """All that the emulator answers is described, with its methods, and nothing else but Function URLs."""
    described: dict[str, Any] = yaml.safe_load(DESCRIPTION.read_text())["paths"]
    found = set()
    for path, operations in described.items():
        for method in {"get", "post", "put"} & set(operations):
            where = routes.route(method.upper(), path.replace("{", "").replace("}", ""))
            found.add(where.endpoint or path)

            assert where.refusal is None or path == "/{path}"
    tables = [*routes.VERSIONS.values(), routes.INVOKE_API]
    known = {endpoint for table in tables for _, endpoint in table.paths.values()}
    known |= {endpoint for table in tables for _, _, endpoint in table.patterns}

    assert found == known | {"/{path}"}
