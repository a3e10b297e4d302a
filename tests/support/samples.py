"""AWS's sample events, out of the aws-sam-cli wheel that packaging/rie.py pins: fetched, not committed."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.support import ROOT

FOLDER = "samcli/lib/generated_sample_events/"
CACHE = ROOT / ".cache" / "samples.json"


def pinned() -> str:
    """The requirement, hash included."""
    source = (ROOT / "packaging" / "rie.py").read_text()
    found = re.search(r'^WHEEL = "(.+)"$', source, re.MULTILINE)
    assert found is not None
    return found[1]


def download(folder: Path) -> Path:
    """Have pip download the wheel into the folder, and hold it to its hash."""
    requirements = folder / "requirements.txt"
    requirements.write_text(pinned())
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download"]
    options = ["--no-deps", "--require-hashes", "--only-binary=:all:", f"--dest={folder}"]
    subprocess.run([*pip, *options, f"--requirement={requirements}"], check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def rendered(text: str, tags: dict[str, Any]) -> Any:
    """A sample with its placeholders filled in, as `sam local generate-event` does."""
    values: dict[str, str] = {}
    for tag, told in tags.items():
        for name, properties in ((tag, told), *told.get("children", {}).items()):
            value = told.get("default", "")
            value = json.dumps(value) if isinstance(value, dict) else str(value)
            if properties.get("encoding") == "base64":
                value = base64.b64encode(value.encode()).decode()
            if properties.get("encoding") == "url":
                value = quote(value)
            if properties.get("hashing") == "md5":
                value = hashlib.md5(value.encode(), usedforsecurity=False).hexdigest()
            values[name.replace("-", "_")] = value
    text = re.sub(r'"{{{querystringparameters}}}"', '{"foo": "bar"}', text)
    return json.loads(re.sub(r"{{{(\w+)}}}", lambda name: json.dumps(values.get(name[1], ""))[1:-1], text))


def fetch() -> dict[str, Any]:
    """
    All samples by service and name, such as `sqs/receive-message`.

    Raises:
        OSError, subprocess.CalledProcessError: the wheel cannot be had.
    """
    if not CACHE.is_file():
        with tempfile.TemporaryDirectory() as scratch, zipfile.ZipFile(download(Path(scratch))) as archive:
            kinds = json.loads(archive.read(f"{FOLDER}event-mapping.json"))
            samples = {
                f"{service}/{name}": rendered(
                    archive.read(f"{FOLDER}events/{service}/{kind['filename']}.json").decode(), kind.get("tags", {})
                )
                for service, names in kinds.items()
                for name, kind in names.items()
            }
        CACHE.parent.mkdir(exist_ok=True)
        CACHE.write_text(json.dumps(samples))
    found: dict[str, Any] = json.loads(CACHE.read_text())
    return found
