"""
pylock.toml, the form that every other lock is read into as well, by uv.

Owns: the format, PEP 751.
Refuses to know: who wrote it, and how anything in it is fetched.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from packaging.markers import Marker

from ..errors import BuildError
from .packages import Package, Wheel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .target import Target


def packages(  # noqa: PLR0913 - a lock, a target, and what is chosen of it
    text: str, base: Path, target: Target, lock: str, *, extras: Sequence[str] = (), groups: Sequence[str] = ()
) -> list[Package]:
    """
    Read the packages that the target needs; paths are relative to *base*.

    Raises:
        BuildError: it isn't such a file.
    """
    try:
        document = tomllib.loads(text)
        if not str(document["lock-version"]).startswith("1."):
            raise BuildError(f"{lock} has the format {document['lock-version']}; 1.0 is the newest that is known")
        chosen = set(groups or document.get("default-groups", []))
        environment: Any = {**target.markers, "extras": set(extras), "dependency_groups": chosen}
        return [
            _package(entry, base)
            for entry in document.get("packages", [])
            if "marker" not in entry or Marker(entry["marker"]).evaluate(environment, context="lock_file")
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise BuildError(f"{lock} cannot be read: {error!r}") from error


def _package(entry: dict[str, Any], base: Path) -> Package:
    files = [*entry.get("wheels", []), *([entry["archive"]] if _is_wheel(entry.get("archive")) else [])]
    source = entry.get("vcs") or entry.get("archive") or entry.get("sdist") or {}
    return Package(
        name=entry["name"],
        version=entry.get("version", ""),
        wheels=tuple(_wheel(file, base) for file in files),
        folder=_folder(entry["directory"], base) if "directory" in entry else None,
        source=source.get("url") or source.get("path", ""),
        sdist=_file(entry.get("sdist") or entry.get("archive") or {}, base),
        index=entry.get("index", ""),
    )


def _folder(entry: dict[str, Any], base: Path) -> Path:
    return Path(base, entry["path"], entry.get("subdirectory", "")).resolve()


def _is_wheel(archive: dict[str, Any] | None) -> bool:
    return archive is not None and (archive.get("url") or archive.get("path", "")).endswith(".whl")


def _file(entry: dict[str, Any], base: Path) -> Wheel | None:
    return _wheel(entry, base) if entry else None


def _wheel(entry: dict[str, Any], base: Path) -> Wheel:
    url = entry.get("url") or (base / entry["path"]).resolve().as_uri()
    name = entry.get("name") or unquote(urlsplit(url).path).rpartition("/")[2]
    return Wheel(name, url, tuple(f"{kind}:{value}" for kind, value in entry.get("hashes", {}).items()))
