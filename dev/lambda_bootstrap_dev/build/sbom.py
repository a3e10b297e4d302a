"""
A package's bill of materials: CycloneDX, beside the package.

Owns: the document's form. It is the same for the same package: its serial number is made of its contents.
Refuses to know: where the parts came from.
"""

from __future__ import annotations

import hashlib
import json
import re
from importlib.metadata import distributions
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

if TYPE_CHECKING:
    from collections.abc import Iterable
    from importlib.metadata import Distribution
    from pathlib import Path

# The moment of every file in the interpreter's wheel too.
MOMENT = "2025-08-09T00:00:00+00:00"


def document(name: str, version: str, folders: Iterable[Path], interpreter: str) -> str:
    """The document of what is installed in *folders*, and of the interpreter, which has a document of its own."""
    parts = {part["bom-ref"]: part for part in json.loads(interpreter or "{}").get("components", [])}
    for folder in folders:
        parts |= {part["bom-ref"]: part for part in map(component, distributions(path=[str(folder)]))}
    components = [parts[key] for key in sorted(parts)]
    contents = "\n".join(f"{part['bom-ref']} {part.get('version', '')}" for part in components)
    serial = uuid5(NAMESPACE_URL, hashlib.sha256(f"{name} {version}\n{contents}".encode()).hexdigest())
    whole = {"bom-ref": f"function:{name}", "type": "application", "name": name}
    if version:
        whole["version"] = version
    bill: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {"timestamp": MOMENT, "component": whole},
        "components": components,
        "dependencies": [
            {"ref": whole["bom-ref"], "dependsOn": [part["bom-ref"] for part in components]},
            *({"ref": part["bom-ref"]} for part in components),
        ],
    }
    return json.dumps(bill, indent=2, ensure_ascii=False) + "\n"


def component(package: Distribution) -> dict[str, Any]:
    """A Python package."""
    name = re.sub(r"[-_.]+", "-", package.name).lower()
    found: dict[str, Any] = {
        "bom-ref": f"pypi:{name}",
        "type": "library",
        "name": package.name,
        "version": package.version,
        "purl": f"pkg:pypi/{name}@{package.version}",
    }
    expression = package.metadata.json.get("license_expression")
    if expression:
        found["licenses"] = [{"expression": expression, "acknowledgement": "declared"}]
    return found
