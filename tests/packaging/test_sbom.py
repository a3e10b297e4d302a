"""Bills of materials: name, version and licence of all that a package is made of, the same for the same package."""

from __future__ import annotations

import json
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("cyclonedx", reason="only `make check` and `make test` install what builds packages")

from tests.support import ROOT
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


# As interpreter.sh writes it down: linked from a tarball of Debian's, and bundled or without a CPE.
PARTS = """\
python3.13 3.13.15 1e66 3.13.15-1
sqlite3 3.53.4 0536 3.53.4-2
expat 2.8.2
hacl-star bb3d
"""


@pytest.fixture(name="tree")
def _tree(tmp_path: Path) -> Path:
    """A package with these parts and with three Python packages, each of which names its licence in another way."""
    fields = {
        "lib/python3.13/site-packages/tzdata-2026.1": "Name: tzdata\nVersion: 2026.1\nLicense: Apache-2.0\n",
        "site-packages/Lent_One-2.0": "Name: Lent_One\nVersion: 2.0\nLicense-Expression: MIT OR Apache-2.0\n",
        "site-packages/wordy-3.0": "Name: wordy\nVersion: 3.0\nLicense: Copyright (c) us\n        All rights given.\n",
    }
    home = tmp_path / "tree" / "lambda-bootstrap"
    (home / "licences").mkdir(parents=True)
    (home / "licences" / "PARTS").write_text(PARTS)
    for name, text in fields.items():
        (home / f"{name}.dist-info").mkdir(parents=True)
        (home / f"{name}.dist-info" / "METADATA").write_text(text)
    return tmp_path / "tree"


def told(tree: Path, monkeypatch: pytest.MonkeyPatch, *options: str) -> Any:
    """The bill of materials of a tree."""
    output = tree.parent / "tree.cdx.json"
    monkeypatch.setattr(sys, "argv", ["sbom.py", str(tree), "x86_64", str(output), *options])
    script("sbom").main()
    return json.loads(output.read_text())


def licence(component: Any) -> str:
    """A component's licence, be it an expression or one of SPDX's; "" if it isn't known."""
    (found,) = component.get("licenses") or [{"license": {"id": ""}}]
    return str(found.get("expression") or found["license"]["id"])


def test_parts(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part has the version that is linked in or came along, its licence, and the name that scanners look for."""
    parts = {part["name"]: part for part in told(tree, monkeypatch)["components"]}
    certifi = parts.pop("certifi")

    assert {name: (part["version"], licence(part), part.get("cpe")) for name, part in parts.items()} == {
        "cpython": ("3.13.15", "PSF-2.0", "cpe:2.3:a:python:python:3.13.15:*:*:*:*:*:*:*"),
        "sqlite": ("3.53.4", "blessing", "cpe:2.3:a:sqlite:sqlite:3.53.4:*:*:*:*:*:*:*"),
        "expat": ("2.8.2", "MIT", "cpe:2.3:a:libexpat_project:libexpat:2.8.2:*:*:*:*:*:*:*"),
        "hacl-star": ("bb3d", "MIT", None),
        "tzdata": ("2026.1", "Apache-2.0", None),
        "Lent_One": ("2.0", "MIT OR Apache-2.0", None),
        "wordy": ("3.0", "", None),
    }
    assert {part["purl"] for part in parts.values()} >= {"pkg:generic/sqlite@3.53.4", "pkg:pypi/lent-one@2.0"}
    assert f"certifi=={certifi['version']} " in (ROOT / "packaging" / "interpreter.txt").read_text()
    assert licence(certifi) == "MPL-2.0"


def test_sources(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part that is linked from a tarball has its digest and Debian's version; a bundled one has neither."""
    parts = {part["name"]: part for part in told(tree, monkeypatch)["components"]}

    assert parts["sqlite"]["hashes"] == [{"alg": "SHA-256", "content": "0536"}]
    assert parts["sqlite"]["pedigree"] == {"notes": "with the patches of Debian's sqlite3 3.53.4-2"}
    assert {"hashes", "pedigree"}.isdisjoint(parts["expat"])


def test_interpreter(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The interpreter's wheel has its own version, and of the Python packages only those of its own folder."""
    bill = told(tree, monkeypatch, "--interpreter", "3.13.15.post2")
    whole = bill["metadata"]["component"]

    assert (whole["name"], whole["version"], licence(whole)) == ("lambda-bootstrap-python", "3.13.15.post2", "MIT")
    assert {part["name"] for part in bill["components"]} == {
        *("cpython", "sqlite", "expat", "hacl-star", "tzdata", "certifi")
    }


def test_all_known() -> None:
    """Every source that is pinned has a name, a licence and a CPE in the table."""
    known, pinned = script("sbom").KNOWN, {pin.package for pin in script("sources").pinned()}

    assert {name for name in pinned if not name.startswith("python")} <= known.keys()
    assert [name for name in pinned & known.keys() if not all(known[name])] == []
