"""
Fetch the tarballs that the interpreter is made of, out of Debian's archive.

Owns: packaging/sources.txt, where each is pinned by SHA-256, the cache of them, and what the archive has newer. Refuses
to know: what is built. The archive is the one that this machine's apt uses; none of apt's own files is touched.
"""

# ruff: noqa: INP001 -- a package called "packaging" would hide the one that pytest imports
from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).with_name("sources.txt")
FOLDER = Path(__file__).parent.parent / ".cache" / "sources"
SUITES = ("bookworm", "trixie", "sid")
SECURITY = ("bookworm-security", "trixie-security")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
HELD = {"libffi"}  # later tarballs come without a configure script
FREE = {"sqlite3"}  # moves on to the next minor version; all others stay in their series


@dataclass(frozen=True)
class Source:
    """One tarball: Debian's source package, the file's name, its SHA-256."""

    package: str
    file: str
    sha256: str

    @property
    def version(self) -> tuple[int, ...]:
        """The upstream version, for comparing: 1.3.1 of `1.3.dfsg+really1.3.1`."""
        text = self.file.partition("_")[2].partition(".orig")[0].rpartition("really")[2]
        return tuple(int(number) for number in re.findall(r"\d+", text))

    @property
    def path(self) -> Path:
        """Where it is kept."""
        return FOLDER / self.file

    def present(self) -> bool:
        """Whether the pinned bytes are in the cache."""
        return self.path.is_file() and hashlib.sha256(self.path.read_bytes()).hexdigest() == self.sha256


def pinned() -> list[Source]:
    """The table."""
    lines = TABLE.read_text().splitlines()
    return [Source(*line.split()) for line in lines if line and not line.startswith("#")]


def offers(package: str, listing: str) -> dict[Source, str]:
    """The tarballs in what `apt-cache showsrc` lists, newest first, each with a Debian version that has it."""
    found = {}
    for stanza in listing.split("\n\n"):
        version = re.search(r"^Version: (\S+)$", stanza, re.MULTILINE)
        sums = re.search(r"^Checksums-Sha256:\s*\n((?: .*\n?)+)", stanza, re.MULTILINE)
        for line in sums[1].splitlines() if version and sums else ():
            digest, _, name = line.split()
            if re.search(r"\.orig\.tar\.\w+$", name):
                found[Source(package, name, digest)] = version[1] if version else ""
    return dict(sorted(found.items(), key=lambda item: item[0].version, reverse=True))


def successors(source: Source, found: dict[Source, str]) -> list[Source]:
    """What may be pinned in place of a source, newest first: releases of its series."""
    if source.package in HELD:
        return [source]
    digits = 1 if source.package in FREE else 2
    series = source.version[:digits]
    return [offer for offer in found if offer.version[:digits] == series and "~" not in offer.file]


class Archive:
    """Debian's source packages, as apt sees them with a list of sources of its own."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        for folder in ("lists/partial", "cache/archives/partial", "tarballs"):
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
            cwd=self.scratch / "tarballs",
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def offers(self, package: str) -> dict[Source, str]:
        """The tarballs that the archive lists for a package, newest first, each with a Debian version that has it."""
        return offers(package, self._apt("apt-cache", "showsrc", package))

    def fetch(self, source: Source, version: str) -> bool:
        """Put a tarball into the cache; False when the archive lists it but does not have it."""
        try:
            self._apt("apt-get", "source", "--download-only", "--tar-only", f"{source.package}={version}")
        except subprocess.CalledProcessError:
            return False
        FOLDER.mkdir(parents=True, exist_ok=True)
        shutil.move(self.scratch / "tarballs" / source.file, source.path)
        return source.present()


def fetch(archive: Archive, source: Source) -> str:
    """Fetch what is pinned; give what is wrong with that, empty when nothing is."""
    offers = archive.offers(source.package)
    if source in offers and archive.fetch(source, offers[source]):
        return ""
    listed = ", ".join(offer.file for offer in offers) or "nothing"
    return (
        f"{source.file} is gone from Debian's archive, which has {listed}: "
        f"put the file into .cache/sources, or pin what there is with `make sources`"
    )


def newest(archive: Archive, source: Source) -> Source:
    """The newest tarball of the same series that can be had."""
    found = archive.offers(source.package)
    for offer in successors(source, found):
        if offer == source or offer.present() or archive.fetch(offer, found[offer]):
            return offer
    sys.exit(f"Debian's archive has no {source.package} {'.'.join(map(str, source.version[:2]))} any more")


def table(comments: list[str], sources: list[Source]) -> str:
    """The text of sources.txt."""
    rows = [f"{source.package:<11} {source.file:<40} {source.sha256}" for source in sources]
    return "\n".join([*comments, *rows, ""])


def update(archive: Archive) -> None:
    """Pin the newest of everything."""
    comments = [line for line in TABLE.read_text().splitlines() if line.startswith("#")]
    TABLE.write_text(table(comments, [newest(archive, source) for source in pinned()]))


def stale(archive: Archive) -> list[str]:
    """A line for each pin that is older than what the archive offers, and has."""
    lines = []
    for pin in pinned():
        found = archive.offers(pin.package)
        later = [offer for offer in successors(pin, found) if offer.version > pin.version]
        offer = next((offer for offer in later if offer.present() or archive.fetch(offer, found[offer])), None)
        if offer:
            lines.append(f"{pin.file} is pinned, and Debian's archive has {offer.file}: `make sources` pins it")
    return lines


def main() -> int:
    """Fetch what is missing; with `--update` pin anew, with `--check` compare with what the archive has."""
    missing = [source for source in pinned() if not source.present()]
    renew, compare = sys.argv[1:] == ["--update"], sys.argv[1:] == ["--check"]
    if not (missing or renew or compare):
        return 0
    if shutil.which("apt-get") is None:
        files = ", ".join(source.file for source in missing)
        print(f"there is no apt-get here to fetch with: put {files} into .cache/sources", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as scratch:
        try:
            archive = Archive(Path(scratch))
        except subprocess.CalledProcessError as error:
            sys.exit(f"Debian's archive cannot be reached, and nothing is compared or fetched:\n{error.stderr}")
        if renew:
            update(archive)
        missing = [] if compare else [source for source in pinned() if not source.present()]
        problems = stale(archive) if compare else [problem for source in missing if (problem := fetch(archive, source))]
    for problem in problems:
        print(problem, file=sys.stderr)
    if compare and not problems:
        print("Debian's archive has nothing newer than what is pinned")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
