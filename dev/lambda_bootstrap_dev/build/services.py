"""
botocore's descriptions of AWS's services, which are most of its size.

Owns: which of them stay.
Refuses to know: how botocore came into the folder.
"""

from __future__ import annotations

import shutil
from difflib import get_close_matches
from typing import TYPE_CHECKING

from ..errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# Credentials come from it: a role that is assumed, a web identity.
NEEDED = {"sts"}


def keep(folder: Path, services: Iterable[str]) -> None:
    """
    Remove the descriptions of all other services from the packages in *folder*.

    Raises:
        BuildError: botocore isn't there, or doesn't know one of them.
    """
    wanted = {*services}
    data = folder / "botocore" / "data"
    if not data.is_dir():
        raise BuildError("services in [tool.lambda-bootstrap] are for botocore, which isn't among the dependencies")
    known = {path.name for path in data.iterdir() if path.is_dir()}
    for service in sorted(wanted - known):
        near = get_close_matches(service, known, 1, 0.5)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise BuildError(f"services in [tool.lambda-bootstrap]: botocore has no {service!r}{hint}")
    for place in (data, folder / "boto3" / "data"):
        for path in place.iterdir() if place.is_dir() else []:
            if path.is_dir() and path.name not in wanted | NEEDED:
                shutil.rmtree(path)
