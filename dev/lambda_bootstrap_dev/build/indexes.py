"""
Where packages come from: the user's own settings, as uv takes them.

Owns: reading pip's, Poetry's and PDM's settings. uv reads its own.
Refuses to know: what is fetched.
"""

from __future__ import annotations

import configparser
import os
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .project import read
from .uv import Uv

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .project import Project

# Any of these means that the user has told uv where packages are.
OF_UV = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_CONFIG_FILE")
IN_UV = {"index", "index-url", "extra-index-url", "find-links", "no-index", "pip"}
# All indexes are asked, as pip does; uv by itself stops at the first that knows a name.
ALL = "--index-strategy=unsafe-best-match"


def uv_for(project: Project, lock: str, find_links: Sequence[Path], environ: Mapping[str, str]) -> Uv:
    """Return uv with the settings that hold for a lock of this name."""
    variables = dict(environ)
    options: list[str] = []
    if lock == "poetry.lock" and project.poetry.get("source"):
        options = _named(project.poetry["source"], variables, "POETRY_HTTP_BASIC_")
    elif lock == "pdm.lock" and project.tool("pdm").get("source"):
        options = _named(project.tool("pdm")["source"], variables, "")
    elif lock != "uv.lock" and not uv_is_told(project, environ):
        options = _of_pip(pip_settings(environ), variables)
    return Uv(variables, [*options, *(f"--find-links={folder}" for folder in find_links)])


def uv_is_told(project: Project, environ: Mapping[str, str]) -> bool:
    """Whether uv's own settings say where packages are."""
    if any(environ.get(name) for name in OF_UV) or IN_UV & set(project.tool("uv")):
        return True
    files = [folder / "uv.toml" for folder in (project.root, *project.root.parents)]
    files += [
        Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "uv" / "uv.toml",
        Path("/etc/uv/uv.toml"),
    ]
    return any(IN_UV & set(read(file)) for file in files)


def pip_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Read what pip has been told, by its files and then by its variables."""
    home = Path.home()
    config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    files = [Path("/etc/pip.conf"), home / ".pip/pip.conf", config / "pip/pip.conf"]
    files.insert(2, home / "Library/Application Support/pip/pip.conf")
    if "VIRTUAL_ENV" in environ:
        files.append(Path(environ["VIRTUAL_ENV"], "pip.conf"))
    if "PIP_CONFIG_FILE" in environ:
        files = [] if environ["PIP_CONFIG_FILE"] == os.devnull else [*files, Path(environ["PIP_CONFIG_FILE"])]
    parser = configparser.RawConfigParser()
    parser.read(files, encoding="utf-8")
    found = {
        name: value for part in ("global", "install") if parser.has_section(part) for name, value in parser.items(part)
    }
    for name, value in environ.items():
        if name.startswith("PIP_") and value:
            found[name[4:].lower().replace("_", "-")] = value
    return found


def _of_pip(settings: Mapping[str, str], variables: dict[str, str]) -> list[str]:
    """Say the same to uv. What may have a password in it goes by a variable, which other users cannot see."""
    options = [ALL]
    if settings.get("no-index", "").lower() in {"1", "true", "yes", "on"}:
        options.append("--no-index")
    if "index-url" in settings:
        variables["UV_DEFAULT_INDEX"] = settings["index-url"]
    if "extra-index-url" in settings:
        variables["UV_INDEX"] = " ".join(settings["extra-index-url"].split())
    if "find-links" in settings:
        options += [f"--find-links={place}" for place in shlex.split(settings["find-links"])]
    if "trusted-host" in settings:
        variables.setdefault("UV_INSECURE_HOST", " ".join(settings["trusted-host"].split()))
    if "cert" in settings:
        variables.setdefault("SSL_CERT_FILE", settings["cert"])
    return options


def _named(sources: list[dict[str, Any]], variables: dict[str, str], credentials: str) -> list[str]:
    """Poetry's and PDM's lists of sources. A lock has hashes: it doesn't matter which of them is asked first."""
    known = [source for source in sources if "url" in source]
    extra: list[str] = []
    for source in known:
        name = re.sub(r"[^A-Za-z0-9]", "-", source["name"]).lower()
        key = re.sub(r"[^A-Z0-9]", "_", source["name"].upper())
        url = os.path.expandvars(source["url"])
        for part in ("USERNAME", "PASSWORD"):
            if f"{credentials}{key}_{part}" in variables:
                variables[f"UV_INDEX_{key}_{part}"] = variables[f"{credentials}{key}_{part}"]
        if source["name"].lower() == "pypi" or (
            source.get("priority", "primary") in {"primary", "default"} and len(known) == len(sources) and not extra
        ):
            variables["UV_DEFAULT_INDEX"] = f"{name}={url}"
        else:
            extra.append(f"{name}={url}")
    if extra:
        variables["UV_INDEX"] = " ".join(extra)
    return [ALL]
