"""Which sources the interpreter's pins move to, given what Debian's archive lists and has."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import ROOT
from tests.support.scripts import script

if TYPE_CHECKING:
    from pathlib import Path

SOURCES: dict[str, Any] = runpy.run_path(str(ROOT / "packaging" / "sources.py"))
Source, File = SOURCES["Source"], SOURCES["File"]
# As `apt-cache showsrc zlib` tells it, shortened.
LISTING = """\
Package: zlib
Version: 1:1.3.dfsg+really1.3.1-1
Checksums-Sha1:
 0b5f 1325737 zlib_1.3.dfsg+really1.3.1.orig.tar.gz
Checksums-Sha256:
 60dd 1325737 zlib_1.3.dfsg+really1.3.1.orig.tar.gz
 2a44 17872 zlib_1.3.dfsg+really1.3.1-1.debian.tar.xz
Directory: pool/main/z/zlib

Package: zlib
Version: 1:1.4.0-1
Checksums-Sha256:
 1400 1400000 zlib_1.4.0.orig.tar.xz
 1401 17000 zlib_1.4.0-1.debian.tar.xz
Directory: pool/main/z/zlib

Package: zlib
Version: 1:1.3.dfsg+really1.3.10-2
Checksums-Sha256:
 7b69 1295859 zlib_1.3.dfsg+really1.3.10.orig.tar.gz
 9999 100 zlib_1.3.dfsg+really1.3.10.orig-tests.tar.gz
 8888 833 zlib_1.3.dfsg+really1.3.10.orig.tar.gz.asc
 48f7 17972 zlib_1.3.dfsg+really1.3.10-2.debian.tar.xz
Directory: pool/main/z/zlib

Package: zlib
Version: 1:1.3.dfsg+really1.3.1-1+deb13u1
Checksums-Sha256:
 60dd 1325737 zlib_1.3.dfsg+really1.3.1.orig.tar.gz
 3b55 18500 zlib_1.3.dfsg+really1.3.1-1+deb13u1.debian.tar.xz
Directory: pool/updates/main/z/zlib

Package: zlib
Version: 1:1.2.13.dfsg-1
Checksums-Sha256:
 1213 1213000 zlib_1.2.13.dfsg.orig.tar.bz2
 1214 17000 zlib_1.2.13.dfsg-1.debian.tar.xz
Directory: pool/main/z/zlib
"""
# From the oldest to the newest, as deb-version(7) has it.
AGES = [
    "1.0~rc1-1",
    "1.0-1~deb13u2",
    "1.0-1",
    "1.0-1+deb13u1",
    "1.0-1+deb13u10",
    "1.0-2",
    "1.0a-1",
    "1.0+b-1",
    "1.0.1-1",
    "1.10-1",
]


def source(version: str, package: str = "zlib", revision: str = "1") -> Any:
    """A source of some version."""
    tarballs = f"{package}_{version}.orig.tar.gz", f"{package}_{version}-{revision}.debian.tar.xz"
    return Source(package, *(File(name, "00") for name in tarballs))


def successors(pin: Any, *offers: Any) -> list[Any]:
    """What may take the place of a pin, of those on offer."""
    found: list[Any] = SOURCES["successors"](pin, dict.fromkeys(offers, "1"))
    return found


def test_listing_is_read() -> None:
    """Upstream's tarball and Debian's are taken with their SHA-256 and the version, newest first; nothing else is."""
    found = SOURCES["offers"]("zlib", LISTING)

    assert [(offer.original.name, offer.original.sha256, version) for offer, version in found.items()] == [
        ("zlib_1.4.0.orig.tar.xz", "1400", "1:1.4.0-1"),
        ("zlib_1.3.dfsg+really1.3.10.orig.tar.gz", "7b69", "1:1.3.dfsg+really1.3.10-2"),
        ("zlib_1.3.dfsg+really1.3.1.orig.tar.gz", "60dd", "1:1.3.dfsg+really1.3.1-1+deb13u1"),
        ("zlib_1.3.dfsg+really1.3.1.orig.tar.gz", "60dd", "1:1.3.dfsg+really1.3.1-1"),
        ("zlib_1.2.13.dfsg.orig.tar.bz2", "1213", "1:1.2.13.dfsg-1"),
    ]
    assert [(offer.debian.name, offer.debian.sha256) for offer in found][:3] == [
        ("zlib_1.4.0-1.debian.tar.xz", "1401"),
        ("zlib_1.3.dfsg+really1.3.10-2.debian.tar.xz", "48f7"),
        ("zlib_1.3.dfsg+really1.3.1-1+deb13u1.debian.tar.xz", "3b55"),
    ]


def test_age() -> None:
    """Versions are ordered by Debian's rules: a tilde before the end, letters before other signs, numbers as such."""
    age = SOURCES["age"]

    assert sorted(sorted(AGES), key=age) == AGES


@pytest.mark.skipif(shutil.which("dpkg") is None, reason="only Debian has dpkg")
def test_age_is_dpkgs() -> None:
    """Dpkg says the same of each two neighbours."""
    for older, newer in pairwise(AGES):
        subprocess.run(["dpkg", "--compare-versions", older, "lt", newer], check=True)


def test_pin_stays_in_its_series() -> None:
    """A pin moves to the newest of its own series, by numbers and not by letters."""
    pin = source("1.3.dfsg+really1.3.1")
    found = SOURCES["successors"](pin, SOURCES["offers"]("zlib", LISTING))

    assert [offer.version for offer in found] == [(1, 3, 10), (1, 3, 1), (1, 3, 1)]
    assert [offer.revision.rpartition("really")[2] for offer in found] == ["1.3.10-2", "1.3.1-1+deb13u1", "1.3.1-1"]


def test_sqlite_moves_on() -> None:
    """SQLite moves to the next minor version, as nobody mends an old one, and stays below the next major one."""
    pin, newer, major = source("3.46.1", "sqlite3"), source("3.53.4", "sqlite3"), source("4.0.0", "sqlite3")

    assert successors(pin, major, newer, pin) == [newer, pin]


def test_release_candidate_is_not_pinned() -> None:
    """What is not released yet does not take a pin's place; what is older does where there is nothing else."""
    pin, older, early = source("3.13.5"), source("3.13.4"), source("3.13.6~rc1")

    assert successors(pin, early, pin, older) == [pin, older]
    assert successors(pin, older) == [older]


def test_held_pin_stays() -> None:
    """A source of which later tarballs cannot be built as they are, libffi, moves to Debian's later patches only."""
    pin, newer, mended = source("3.4.4", "libffi"), source("3.4.8", "libffi"), source("3.4.4", "libffi", "1+deb12u1")

    assert successors(pin, newer, mended, pin) == [mended, pin]


def test_table_is_read_back() -> None:
    """What is written is what is read, and what is committed: names, versions and digests of 64 digits."""
    text = SOURCES["TABLE"].read_text()
    pins = SOURCES["pinned"]()
    comments = [line for line in text.splitlines() if line.startswith("#")]
    digests = [file.sha256 for pin in pins for file in (pin.original, pin.debian)]

    assert SOURCES["table"](comments, pins) == text
    assert all(len(pin.version) == 3 and pin.revision.startswith(pin.original.name.split("_")[1][:5]) for pin in pins)
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in digests)


class Archive:
    """An archive that lists some sources, and has some of them."""

    def __init__(self, *lists: Any, lacks: tuple[Any, ...] = ()) -> None:
        self.lists, self.lacks, self.fetched = lists, lacks, list[Any]()

    def offers(self, package: str) -> dict[Any, str]:
        """What it lists of a package."""
        return {each: each.revision for each in self.lists if each.package == package}

    def fetch(self, wanted: Any, version: str) -> bool:
        """Whether it has a source."""
        assert version == wanted.revision
        self.fetched.append(wanted)
        return wanted not in self.lacks


@pytest.fixture(name="sources")
def _sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module, with an empty cache, and a table with zlib 1.3.1-1 and Python 3.13.5-1."""
    module = script("sources")
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    monkeypatch.setattr(module, "TABLE", tmp_path / "sources.txt")
    rows = [source("3.13.5", "python3.13"), source("1.3.1")]
    module.TABLE.write_text(SOURCES["table"](["# sources"], rows))
    return module


def made(sources: Any, version: str, package: str = "zlib", revision: str = "1") -> Any:
    """A source as the module has it."""
    tarballs = f"{package}_{version}.orig.tar.gz", f"{package}_{version}-{revision}.debian.tar.xz"
    return sources.Source(package, *(sources.File(name, "00") for name in tarballs))


class TestStale:
    """Whether a pin is older than what the archive offers."""

    def test_newer(self, sources: Any) -> None:
        """Each pin with a newer version in the archive is named with both versions, be it Debian's patches alone."""
        archive = Archive(made(sources, "1.3.1", revision="1+deb13u1"), made(sources, "3.13.6", "python3.13"))

        assert sources.stale(archive, "3.13") == [
            "python3.13 3.13.5-1 is pinned, and Debian's archive has 3.13.6-1: `make sources` pins it",
            "zlib 1.3.1-1 is pinned, and Debian's archive has 1.3.1-1+deb13u1: `make sources` pins it",
        ]

    def test_nothing_newer(self, sources: Any) -> None:
        """What is pinned, what is older, another series and what cannot be had make no pin old."""
        ghost = made(sources, "1.3.2")
        pins, others = sources.pinned(), (made(sources, "1.3.0"), made(sources, "1.4.0"), ghost)

        assert sources.stale(Archive(*others, *pins, lacks=(ghost,)), "3.13") == []

    def test_other_python(self, sources: Any) -> None:
        """Of Pythons, only the chosen one is compared."""
        archive = Archive(*sources.pinned(), made(sources, "3.13.6", "python3.13"))

        assert sources.stale(archive, "3.14") == []


class TestUpdate:
    """Pinning anew."""

    def test_newest(self, sources: Any) -> None:
        """The newest that can be had is pinned, not what is only listed; comments stay."""
        ghost, newest = made(sources, "1.3.3"), made(sources, "1.3.2", revision="3")
        sources.update(Archive(ghost, newest, *sources.pinned(), lacks=(ghost,)), "3.13")

        assert [pin.revision for pin in sources.pinned()] == ["3.13.5-1", "1.3.2-3"]
        assert sources.TABLE.read_text().startswith("# sources\npython3.13 ")

    def test_older(self, sources: Any) -> None:
        """Where the pinned version is gone, an older one of the series takes its place; else the package is named."""
        python = made(sources, "3.13.5", "python3.13")
        sources.update(Archive(python, made(sources, "1.3.0")), "3.13")

        assert [pin.revision for pin in sources.pinned()] == ["3.13.5-1", "1.3.0-1"]
        with pytest.raises(SystemExit, match=r"^Debian's archive has no zlib 1\.3 any more$"):
            sources.update(Archive(python, made(sources, "1.4.0")), "3.13")

    def test_another_python(self, sources: Any) -> None:
        """A Python that is asked for is pinned with its newest release, beside the one that is there."""
        early, newest = made(sources, "3.14.9~rc1", "python3.14"), made(sources, "3.14.8", "python3.14")
        sources.update(Archive(*sources.pinned(), early, newest), "3.14")

        assert [(pin.package, pin.revision) for pin in sources.pinned()] == [
            ("python3.13", "3.13.5-1"),
            ("python3.14", "3.14.8-1"),
            ("zlib", "1.3.1-1"),
        ]
        assert [pin.package for pin in sources.wanted("3.14")] == ["python3.14", "zlib"]

    def test_no_such_python(self, sources: Any) -> None:
        """A Python that the archive lacks is refused with the list of those it has."""
        ghost = made(sources, "3.14.8", "python3.14")
        archive = Archive(*sources.pinned(), ghost, made(sources, "3.15.2", "python3.15"), lacks=(ghost,))

        with pytest.raises(
            SystemExit, match=r"^Debian's archive has no source of Python 3\.14; it has 3\.13\.5-1, 3\.15\.2-1$"
        ):
            sources.update(archive, "3.14")


class TestMissing:
    """Fetching what is pinned."""

    def test_fetched(self, sources: Any) -> None:
        """What isn't in the cache is fetched, and of Pythons only the chosen one."""
        archive = Archive(*sources.pinned())

        assert sources.missing(archive, "3.13") == []
        assert archive.fetched == sources.pinned()

    def test_gone(self, sources: Any) -> None:
        """A file that the archive has no more is named, with what the archive lists and what can be done."""
        python, _ = sources.pinned()

        (problem,) = sources.missing(Archive(python, made(sources, "1.3.2")), "3.13")
        assert problem == (
            "zlib 1.3.1-1 is gone from Debian's archive, which lists 1.3.2-1: put zlib_1.3.1.orig.tar.gz and "
            "zlib_1.3.1-1.debian.tar.xz into .cache/sources, or pin what there is with `make sources`"
        )

    def test_python_is_not_pinned(self, sources: Any) -> None:
        """Where the chosen Python isn't pinned, the command that pins it is named."""
        archive = Archive(*sources.pinned(), made(sources, "3.14.8", "python3.14"))

        assert sources.missing(archive, "3.14") == [
            "Python 3.14 isn't pinned: `make sources PYTHON_VERSION=3.14` pins 3.14.8-1"
        ]


def test_present(sources: Any) -> None:
    """A source is in the cache if both files are there with the pinned bytes."""
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    pin = sources.Source("zlib", sources.File("a", empty), sources.File("b", empty))
    seen = [pin.present()]
    for name, content in (("a", ""), ("b", "other"), ("b", "")):
        (sources.FOLDER / name).write_text(content)
        seen.append(pin.present())

    assert seen == [False, False, False, True]


class TestMain:
    """What `make fetch` and `make sources-check` run; a program in apt-get's place can reach nothing."""

    @pytest.fixture(autouse=True)
    def _apt(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        program = tmp_path / "bin" / "apt-get"
        program.parent.mkdir()
        answers = 'case $* in *update*) echo "E: no network" >&2; exit 100 ;; *) echo "Debian|file:/nowhere/" ;; esac'
        program.write_text(f"#!/bin/sh\n{answers}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(program.parent), prepend=":")

    @pytest.mark.parametrize("arguments", [[], ["--check"], ["--update"]])
    def test_unreachable(self, sources: Any, monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
        """Where the archive cannot be reached, that is said, with apt's own words."""
        monkeypatch.setattr(sys, "argv", ["sources.py", *arguments])

        said = r"(?s)^Debian's archive cannot be reached, and nothing is compared or fetched:.*E: no network"
        with pytest.raises(SystemExit, match=said):
            sources.main()

    def test_all_there(self, sources: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where every pinned file is in the cache, the archive isn't asked."""
        monkeypatch.setattr(sources.Source, "present", lambda _: True)
        monkeypatch.setattr(sources.File, "present", lambda _: True)
        monkeypatch.setattr(sys, "argv", ["sources.py"])

        assert sources.main() == 0


def test_python_version() -> None:
    """A PYTHON_VERSION that nobody builds is refused before anything is built; one in the environment isn't meant."""
    make = ["make", "--dry-run", "tree"]
    refused = subprocess.run([*make, "PYTHON_VERSION=3.12"], capture_output=True, text=True, check=False, cwd=ROOT)
    environment = {"PATH": "/usr/bin:/bin", "PYTHON_VERSION": "3.12.4"}
    taken = subprocess.run(make, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)

    assert 'PYTHON_VERSION is "3.12": it has to be 3.13, 3.14 or 3.15' in refused.stderr
    assert taken.returncode == 0, taken.stderr
