"""The bill of materials of a wheel of ours: name, version, licence, and the same document for the same wheel."""

from __future__ import annotations

import json
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("cyclonedx", reason="only `make check` and `make test` install what builds packages")

from tests.support.scripts import script

if TYPE_CHECKING:
    from pathlib import Path


def bill(folder: Path, monkeypatch: pytest.MonkeyPatch, version: str = "1.2.3", licence: str = "MIT") -> Any:
    """Make a small wheel; return its bill of materials."""
    wheel, output = folder / "shop.whl", folder / "shop.cdx.json"
    fields = f"Metadata-Version: 2.4\nName: My_Shop.core\nVersion: {version}\nLicense-Expression: {licence}\n"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"my_shop_core-{version}.dist-info/METADATA", fields)
        archive.writestr("my_shop_core/__init__.py", "")
    monkeypatch.setattr(sys, "argv", ["sbom.py", str(wheel), "any", str(output)])
    script("sbom").main()
    return json.loads(output.read_text())


def test_component(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wheel has its own name, its version and its licence, and scanners know it by its normalised name."""
    component = bill(tmp_path, monkeypatch)["metadata"]["component"]

    assert (component["name"], component["version"]) == ("My_Shop.core", "1.2.3")
    assert component["licenses"] == [{"expression": "MIT"}]
    assert component["purl"] == "pkg:pypi/my-shop-core@1.2.3"


def test_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same wheel gives the same document, and another version another one, licence included."""
    first, again = bill(tmp_path, monkeypatch), bill(tmp_path, monkeypatch)
    other = bill(tmp_path, monkeypatch, "1.2.4", "Apache-2.0")["metadata"]["component"]

    assert first == again
    assert (other["version"], other["licenses"]) == ("1.2.4", [{"expression": "Apache-2.0"}])
