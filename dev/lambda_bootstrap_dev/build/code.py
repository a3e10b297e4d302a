"""
What of the function's folder goes into a package.

Owns: what is always left out, patterns, links, names, and secrets.
Refuses to know: dependencies, and how a package is written.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pathspec import GitIgnoreSpec

from ..errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

IGNORE_FILE = ".lambdaignore"
# Folders and files that no function needs, wherever they are.
CACHES = {
    *(
        "__pycache__",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".hypothesis",
        ".tox",
        ".nox",
        ".cache",
        ".coverage",
    ),
    *(".ipynb_checkpoints", ".DS_Store", "node_modules"),
}
VERSION_CONTROL = {".git", ".hg", ".svn", ".jj", ".gitignore", ".gitattributes", ".gitmodules", ".github"}
OUTPUTS = {".aws-sam", ".terraform", ".serverless", "cdk.out", ".chalice", "Dockerfile", ".dockerignore", IGNORE_FILE}
NEVER = CACHES | VERSION_CONTROL | OUTPUTS
# What earlier builds leave in a project's dist/, this one's included.
BUILT = re.compile(r"dist/[^/]*(\.zip|\.zip\.part|\.whl|\.tar\.gz|\.cdx\.json|-(image|runtime)-(x86_64|arm64))")
# Ours, at the root of the package.
RESERVED = {"bootstrap", "lambda-bootstrap"}
SECRET_FOLDERS = {".aws", ".ssh", ".gnupg"}
SECRET_NAMES = re.compile(
    r"\.env(\.(?!example$|sample$|template$|dist$).*)?|id_(rsa|dsa|ecdsa|ed25519)|\.netrc|\.pypirc"
)
# With what follows, as a program may look for the first line alone.
PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----\s+[\w+/=:, \r\n-]{40}")
MOST_SHOWN = 5
# A key is at most that far into its file; a larger file is none.
MOST_HEAD, MOST_KEY = 4096, 1 << 20


@dataclass(frozen=True)
class Choice:
    """The patterns of what is left out, and of what goes in all the same; as in .gitignore."""

    exclude: tuple[str, ...] = ()
    include: tuple[str, ...] = ()

    @cached_property
    def _excluded(self) -> GitIgnoreSpec:
        return GitIgnoreSpec.from_lines(self.exclude)

    @cached_property
    def _included(self) -> GitIgnoreSpec:
        return GitIgnoreSpec.from_lines(self.include)

    def leaves_out(self, name: str) -> bool:
        """Whether a file or folder, with a slash at its end, is left out by the user's patterns."""
        return self._excluded.match_file(name)

    def names(self, name: str) -> bool:
        """Whether it is named to go in."""
        return self._included.match_file(name)


def read_choice(folder: Path, exclude: Iterable[str], include: Iterable[str]) -> Choice:
    """The patterns of pyproject.toml and of the `.lambdaignore` in the function's folder."""
    file = folder / IGNORE_FILE
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    return Choice((*lines, *exclude), tuple(include))


def collect(folder: Path, choice: Choice, output: Path | None = None) -> dict[str, Path]:
    """
    Return the files of the function's folder by their names in the package; *output* isn't one of them.

    Raises:
        BuildError: one of them must not be packed, or cannot be.
    """
    bills = [output.with_suffix(".cdx.json"), output.with_name(f"{output.name}.cdx.json")] if output else []
    outputs = {path.resolve() for path in ([output, *bills] if output else [])}
    files = dict(_walk(folder, "", choice, outputs, (folder.resolve(),))) | named(folder, choice)
    ours = sorted(name for name in files if name.partition("/")[0] in RESERVED)
    if ours:
        raise BuildError(
            f"{folder / ours[0]} would take the place of the runtime's own: rename it, or exclude it in {IGNORE_FILE}"
        )
    check_secrets(files, choice)
    return files


def named(folder: Path, choice: Choice) -> dict[str, Path]:
    """Return the files that `include` names, wherever they are."""
    found = {}
    for place, folders, files in os.walk(folder) if choice.include else ():
        folders[:] = [name for name in folders if name not in VERSION_CONTROL]
        for file in files:
            path = Path(place, file)
            name = path.relative_to(folder).as_posix()
            if choice.names(name):
                found[name] = path
    return found


def check_secrets(files: dict[str, Path], choice: Choice) -> None:
    """
    Check that nothing is packed that must stay at home.

    Raises:
        BuildError: something would be; it is named.
    """
    secrets = sorted(name for name, path in files.items() if is_secret(name, path) and not choice.names(name))
    if secrets:
        more = f" and {len(secrets) - MOST_SHOWN} more" if len(secrets) > MOST_SHOWN else ""
        raise BuildError(
            f"{', '.join(secrets[:MOST_SHOWN])}{more} must not go to Lambda: move it, or exclude it in {IGNORE_FILE}. "
            "If it is meant to go, name it in include of [tool.lambda-bootstrap]"
        )


def is_secret(name: str, path: Path) -> bool:
    """Whether a file has credentials or a private key, by its name or its beginning."""
    parts = name.split("/")
    if not SECRET_FOLDERS.isdisjoint(parts) or SECRET_NAMES.fullmatch(parts[-1]):
        return True
    if path.stat().st_size > MOST_KEY:
        return False
    with path.open("rb") as file:
        return PRIVATE_KEY.search(file.read(MOST_HEAD)) is not None


def _walk(
    folder: Path, prefix: str, choice: Choice, outputs: set[Path], above: tuple[Path, ...]
) -> Iterator[tuple[str, Path]]:
    """Yield the files of a folder. *above* are the folders that it lies in, without links, the function's own first."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise BuildError(f"{folder} cannot be read: {error.strerror}") from error
    for entry in entries:
        path, name = folder / entry.name, prefix + entry.name
        if is_left_out(path, name, choice):
            continue
        _check_name(path)
        if entry.is_symlink():
            _check_link(path, above)
        if path.resolve() in outputs:
            continue
        if entry.is_dir():
            place = path.resolve()
            if place in above:
                raise BuildError(f"{path} leads to a folder that it lies in: exclude it in {IGNORE_FILE}")
            yield from _walk(path, f"{name}/", choice, outputs, (*above, place))
        elif entry.is_file():
            yield name, path


def is_left_out(path: Path, name: str, choice: Choice) -> bool:
    """Whether a file or folder stays at home."""
    is_folder = path.is_dir()
    if choice.names(name):
        return False
    return (
        path.name in NEVER
        or path.name.endswith(".egg-info")
        or choice.leaves_out(f"{name}/" if is_folder else name)
        or (is_folder and os.path.exists(path / "pyvenv.cfg"))  # noqa: PTH110 - Path's raises where one may not look
        or BUILT.fullmatch(name) is not None
        or is_output(path)
    )


def is_output(path: Path) -> bool:
    """Whether a file is a zip of ours, or the bill of materials beside each, wherever `--output` has put it."""
    stem = path.name.removesuffix(".zip").removesuffix(".cdx.json")
    pair = [path.with_name(f"{stem}{end}") for end in (".zip", ".cdx.json")]
    return path in pair and all(each.is_file() for each in pair)


def _check_name(path: Path) -> None:
    try:
        path.name.encode()
    except UnicodeEncodeError as error:
        raise BuildError(
            f"{ascii(path.name)[1:-1]} in {path.parent} has a name that isn't UTF-8, which no zip takes: rename it"
        ) from error


def _check_link(path: Path, above: Sequence[Path]) -> None:
    """Check that a link stays inside the function's folder."""
    try:
        place = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise BuildError(f"{path} is a link that leads nowhere: remove it, or exclude it in {IGNORE_FILE}") from error
    if not place.is_relative_to(above[0]):
        raise BuildError(
            f"{path} is a link out of the function's folder, to {place}: copy what it leads to, make it a dependency, "
            f"or exclude it in {IGNORE_FILE}"
        )
