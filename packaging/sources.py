"""
Fetch the sources that the interpreter is made of, out of Debian's archive: tarballs, and what Debian mends in them.

Owns: packaging/sources.txt, where each file is pinned by SHA-256, the cache of them, and what the archive has newer.
Refuses to know: what is built. The archive is the one that this machine's apt uses; none of apt's own files is touched.
"""

# ruff: noqa: INP001 -- a package called "packaging" would hide the one that pytest imports
from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

TABLE = Path(__file__).with_name("sources.txt")
FOLDER = Path(__file__).parent.parent / ".cache" / "sources"
SUITES = ("bookworm", "trixie", "sid")
SECURITY = ("bookworm-security", "trixie-security")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
PYTHONS = ("3.13", "3.14", "3.15")
HELD = {"libffi"}  # later tarballs come without a configure script
FREE = {"sqlite3"}  # moves on to the next minor version; all others stay in their series


@dataclass(frozen=True)
class File:
    """One file of a source package: its name and its SHA-256."""

    name: str
    sha256: str

    @property
    def path(self) -> Path:
        """Where it is kept."""
        return FOLDER / self.name

    def present(self) -> bool:
        """Whether the pinned bytes are in the cache."""
        return self.path.is_file() and hashlib.sha256(self.path.read_bytes()).hexdigest() == self.sha256


@dataclass(frozen=True)
class Source:
    """One version of a source package: the original tarball, and the one with Debian's patches."""

    package: str
    original: File
    debian: File

    @property
    def version(self) -> tuple[int, ...]:
        """The upstream version, for telling series apart: 1.3.1 of `1.3.dfsg+really1.3.1`."""
        text = self.original.name.partition("_")[2].partition(".orig")[0].rpartition("really")[2]
        return tuple(int(number) for number in re.findall(r"\d+", text))

    @property
    def revision(self) -> str:
        """Debian's version, without an epoch: 3.5.7-1~deb13u2."""
        return self.debian.name.partition("_")[2].rpartition(".debian.tar")[0]

    def present(self) -> bool:
        """Whether both files are in the cache."""
        return self.original.present() and self.debian.present()


def age(revision: str) -> list[tuple[list[int], int]]:
    """What orders Debian's versions (deb-version(7)): letters before other signs, `~` before even the end."""
    upstream, _, debian = revision.rpartition("-")
    parts = [part for text in (upstream, debian) for part in re.findall(r"(\D*)(\d*)", text)]
    rank = {"~": -1}
    return [
        ([rank.get(sign, ord(sign) + 256 * (not sign.isalpha())) for sign in signs] + [0], int(number or 0))
        for signs, number in parts
    ]


def pinned() -> list[Source]:
    """The table: two rows a package."""
    rows = [line.split() for line in TABLE.read_text().splitlines() if line and not line.startswith("#")]
    return [Source(package, *(File(*row[1:]) for row in group)) for package, group in groupby(rows, lambda row: row[0])]


def wanted(python: str) -> list[Source]:
    """What an interpreter of the version *python* is made of."""
    return [pin for pin in pinned() if pin.package == f"python{python}" or not pin.package.startswith("python")]


def offers(package: str, listing: str) -> dict[Source, str]:
    """The sources in what `apt-cache showsrc` lists, newest first, each with Debian's version, epoch included."""
    found = {}
    for stanza in listing.split("\n\n"):
        version = re.search(r"^Version: (\S+)$", stanza, re.MULTILINE)
        sums = re.search(r"^Checksums-Sha256:\s*\n((?: .*\n?)+)", stanza, re.MULTILINE)
        files = [File(line.split()[2], line.split()[0]) for line in sums[1].splitlines()] if sums else []
        original = [file for file in files if re.search(r"\.orig\.tar\.\w+$", file.name)]
        debian = [file for file in files if re.search(r"\.debian\.tar\.\w+$", file.name)]
        if version and original and debian:
            found[Source(package, original[0], debian[0])] = version[1]
    return dict(sorted(found.items(), key=lambda item: age(item[0].revision), reverse=True))


def successors(source: Source, found: dict[Source, str]) -> list[Source]:
    """What may be pinned in place of a source, newest first: releases of its series."""
    digits = len(source.version) if source.package in HELD else 1 if source.package in FREE else 2
    series = source.version[:digits]
    return [offer for offer in found if offer.version[:digits] == series and "~" not in offer.original.name]


class Archive:
    """Debian's source packages, as apt sees them with a list of sources of its own."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        for folder in ("lists/partial", "cache/archives/partial", "files"):
            (scratch / folder).mkdir(parents=True)
        main, security = self._sites()
        places = [*((main, suite) for suite in SUITES), *((security, suite) for suite in SECURITY)]
        lines = (f"deb-src [signed-by={KEYRING}] {site} {suite} main\n" for site, suite in places)
        (scratch / "sources.list").write_text("".join(lines))
        self._apt("apt-get", "update")

    def _sites(self) -> tuple[str, str]:
        """The addresses of the archive and of the security team's, by what the machine's own sources name."""
        form = "$(LABEL)|$(REPO_URI)"
        listed = subprocess.run(
            ["apt-get", "indextargets", "--format", form], capture_output=True, text=True, check=True
        )
        sites = dict(line.split("|") for line in reversed(listed.stdout.splitlines()))
        if "Debian" not in sites:
            raise LookupError("this machine's apt has no list of Debian's packages: run `apt-get update`")
        return sites["Debian"], sites.get("Debian-Security") or sites["Debian"].rstrip("/") + "-security/"

    def _apt(self, *arguments: str) -> str:
        """Run one of apt's programs on the scratch folder; give what it prints."""
        options = {
            "Dir::Etc::sourcelist": f"{self.scratch}/sources.list",
            "Dir::Etc::sourceparts": "-",
            "Dir::State::lists": f"{self.scratch}/lists",
            "Dir::State::status": "/dev/null",
            "Dir::Cache": f"{self.scratch}/cache",
            "APT::Sandbox::User": "",
        }
        flags = [flag for name, value in options.items() for flag in ("-o", f"{name}={value}")]
        done = subprocess.run(
            [arguments[0], "-qq", *flags, *arguments[1:]],
            cwd=self.scratch / "files",
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def offers(self, package: str) -> dict[Source, str]:
        """The sources that the archive lists for a package, newest first, each with Debian's version."""
        return offers(package, self._apt("apt-cache", "showsrc", package))

    def fetch(self, source: Source, version: str) -> bool:
        """Put a source into the cache; False when the archive lists it but does not have it."""
        try:
            self._apt("apt-get", "source", "--download-only", f"{source.package}={version}")
        except subprocess.CalledProcessError:
            return False
        FOLDER.mkdir(parents=True, exist_ok=True)
        for file in (source.original, source.debian):
            shutil.move(self.scratch / "files" / file.name, file.path)
        return source.present()


def fetch(archive: Archive, source: Source) -> str:
    """Fetch what is pinned; give what is wrong with that, empty when nothing is."""
    found = archive.offers(source.package)
    if source in found and archive.fetch(source, found[source]):
        return ""
    listed = ", ".join(offer.revision for offer in found) or "nothing"
    return (
        f"{source.package} {source.revision} is gone from Debian's archive, which lists {listed}: put "
        f"{source.original.name} and {source.debian.name} into .cache/sources, or pin what there is with `make sources`"
    )


def first(archive: Archive, found: dict[Source, str], among: list[Source]) -> Source | None:
    """The first of some sources that can be had: now and then the archive lists what it does not have."""
    return next((offer for offer in among if offer.present() or archive.fetch(offer, found[offer])), None)


def newest(archive: Archive, source: Source) -> Source:
    """The newest of the same series that can be had; nothing older than what is in the cache."""
    found = archive.offers(source.package)
    later = [offer for offer in successors(source, found) if age(offer.revision) > age(source.revision)]
    earlier = [offer for offer in successors(source, found) if offer not in later and offer != source]
    if source.present():
        return first(archive, found, later) or source
    listed = [source] if source in found else []
    offer = first(archive, found, [*later, *listed, *earlier])
    if offer is None:
        sys.exit(f"Debian's archive has no {source.package} {'.'.join(map(str, source.version[:2]))} any more")
    return offer


def python(archive: Archive, version: str) -> Source:
    """The newest release of a Python that isn't pinned; if there is none, exit with the list of those there are."""
    there = {}
    for name in PYTHONS:
        found = archive.offers(f"python{name}")
        releases = [offer for offer in found if "~" not in offer.original.name]
        if offer := first(archive, found, releases):
            there[name] = offer
    if version not in there:
        listed = ", ".join(offer.revision for offer in there.values()) or "none"
        sys.exit(f"Debian's archive has no source of Python {version}; it has {listed}")
    return there[version]


def table(comments: list[str], sources: list[Source]) -> str:
    """The text of sources.txt."""
    rows = [
        f"{source.package:<11} {file.name:<44} {file.sha256}"
        for source in sources
        for file in (source.original, source.debian)
    ]
    return "\n".join([*comments, *rows, ""])


def update(archive: Archive, version: str) -> None:
    """Pin the newest of everything, and the Python *version* if it isn't pinned."""
    comments = [line for line in TABLE.read_text().splitlines() if line.startswith("#")]
    pins = [newest(archive, source) for source in pinned()]
    if not any(pin.package == f"python{version}" for pin in pins):
        pins.append(python(archive, version))
    TABLE.write_text(table(comments, sorted(pins, key=lambda pin: pin.package)))


def stale(archive: Archive, version: str) -> list[str]:
    """A line for each pin that is older than what the archive offers."""
    pairs = [(pin, newest(archive, pin)) for pin in wanted(version)]
    return [
        f"{pin.package} {pin.revision} is pinned, and Debian's archive has {offer.revision}: `make sources` pins it"
        for pin, offer in pairs
        if age(offer.revision) > age(pin.revision)
    ]


def missing(archive: Archive, version: str) -> list[str]:
    """Fetch what isn't in the cache; give a line for each that cannot be had."""
    pins = wanted(version)
    problems = [problem for source in pins if not source.present() and (problem := fetch(archive, source))]
    if not any(pin.package == f"python{version}" for pin in pins):
        offer = python(archive, version)
        problems.append(f"Python {version} isn't pinned: `make sources PYTHON_VERSION={version}` pins {offer.revision}")
    return problems


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Fetch what packaging/sources.txt pins and .cache/sources lacks.")
    parser.add_argument("--python", choices=PYTHONS, default=PYTHONS[0], help="the interpreter's version")
    parser.add_argument("--update", action="store_true", help="pin the newest that the archive has")
    parser.add_argument("--check", action="store_true", help="fail if the archive has newer ones than are pinned")
    return parser.parse_args()


def main() -> int:
    """Fetch, pin anew or compare."""
    chosen = options()
    pins = wanted(chosen.python)
    lacking = [file.name for pin in pins for file in (pin.original, pin.debian) if not file.present()]
    is_pinned = any(pin.package == f"python{chosen.python}" for pin in pins)
    if is_pinned and not (lacking or chosen.update or chosen.check):
        return 0
    if shutil.which("apt-get") is None:
        files = ", ".join(lacking) or "the sources"
        print(f"there is no apt-get here to ask Debian's archive: put {files} into .cache/sources", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as scratch:
        try:
            archive = Archive(Path(scratch))
        except subprocess.CalledProcessError as error:
            sys.exit(f"Debian's archive cannot be reached, and nothing is compared or fetched:\n{error.stderr}")
        if chosen.update:
            update(archive, chosen.python)
        problems = stale(archive, chosen.python) if chosen.check else missing(archive, chosen.python)
    for problem in problems:
        print(problem, file=sys.stderr)
    if chosen.check and not problems:
        print("Debian's archive has nothing newer than what is pinned")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
