"""AWS's sample events, out of the aws-sam-cli wheel that packaging/rie.py pins: fetched, not committed."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import runpy
import tempfile
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.support import ROOT

FOLDER = "samcli/lib/generated_sample_events/"
CACHE = ROOT / ".cache" / "samples.json"
RIE = runpy.run_path(str(ROOT / "packaging" / "rie.py"))  # a folder of programs, which is no package


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
        with tempfile.TemporaryDirectory() as scratch, zipfile.ZipFile(RIE["download"](Path(scratch))) as archive:
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
