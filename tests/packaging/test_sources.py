"""Which tarballs the interpreter's pins move to, given what Debian's archive lists."""

from __future__ import annotations

import re
import runpy
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import ROOT
from tests.support.scripts import script

if TYPE_CHECKING:
    from pathlib import Path

SOURCES: dict[str, Any] = runpy.run_path(str(ROOT / "packaging" / "sources.py"))
Source = SOURCES["Source"]
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
Directory: pool/main/z/zlib

Package: zlib
Version: 1:1.3.dfsg+really1.3.10-2
Checksums-Sha256:
 7b69 1295859 zlib_1.3.dfsg+really1.3.10.orig.tar.gz
 9999 100 zlib_1.3.dfsg+really1.3.10.orig-tests.tar.gz
 8888 833 zlib_1.3.dfsg+really1.3.10.orig.tar.gz.asc
Directory: pool/main/z/zlib

Package: zlib
Version: 1:1.2.13.dfsg-1
Checksums-Sha256:
 1213 1213000 zlib_1.2.13.dfsg.orig.tar.bz2
Directory: pool/main/z/zlib
"""


def source(version: str, package: str = "zlib") -> Any:
    """A tarball of some version."""
    return Source(package, f"{package}_{version}.orig.tar.gz", "00")


def successors(pin: Any, *offers: Any) -> list[Any]:
    """What may take the place of a pin, of those on offer."""
    found: list[Any] = SOURCES["successors"](pin, dict.fromkeys(offers, "1"))
    return found


def test_listing_is_read() -> None:
    """Tarballs of upstream's are taken with their SHA-256 and Debian's version, newest first; nothing else is."""
    found = SOURCES["offers"]("zlib", LISTING)

    assert [(offer.file, offer.sha256, version) for offer, version in found.items()] == [
        ("zlib_1.4.0.orig.tar.xz", "1400", "1:1.4.0-1"),
        ("zlib_1.3.dfsg+really1.3.10.orig.tar.gz", "7b69", "1:1.3.dfsg+really1.3.10-2"),
        ("zlib_1.3.dfsg+really1.3.1.orig.tar.gz", "60dd", "1:1.3.dfsg+really1.3.1-1"),
        ("zlib_1.2.13.dfsg.orig.tar.bz2", "1213", "1:1.2.13.dfsg-1"),
    ]


def test_pin_stays_in_its_series() -> None:
    """A pin moves to the newest of its own series, by numbers and not by letters."""
    pin = source("1.3.dfsg+really1.3.1")
    found = SOURCES["successors"](pin, SOURCES["offers"]("zlib", LISTING))

    assert [offer.version for offer in found] == [(1, 3, 10), (1, 3, 1)]


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
    """A source of which later tarballs cannot be built as they are, libffi, stays as it is."""
    pin, newer = source("3.4.4", "libffi"), source("3.4.8", "libffi")

    assert successors(pin, newer, pin) == [pin]


def test_table_is_read_back() -> None:
    """What is written is what is read, and what is committed: names, versions and digests of 64 digits."""
    text = SOURCES["TABLE"].read_text()
    pins = SOURCES["pinned"]()
    comments = [line for line in text.splitlines() if line.startswith("#")]

    assert SOURCES["table"](comments, pins) == text
    assert all(len(pin.version) == 3 and re.fullmatch("[0-9a-f]{64}", pin.sha256) for pin in pins)


class Archive:
    """An archive that lists some sources, and has some of them."""

    def __init__(self, *lists: Any, lacks: tuple[Any, ...] = ()) -> None:
        self.lists, self.lacks, self.fetched = lists, lacks, list[Any]()

    def offers(self, package: str) -> dict[Any, str]:
        """What it lists of a package, newest first."""
        return {each: each.file for each in self.lists if each.package == package}

    def fetch(self, wanted: Any, version: str) -> bool:
        """Whether it has a source."""
        assert version == wanted.file
        self.fetched.append(wanted)
        return wanted not in self.lacks


@pytest.fixture(name="sources")
def _sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module, with an empty cache, and a table with Python 3.13.5 and zlib 1.3.1."""
    module = script("sources")
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    monkeypatch.setattr(module, "TABLE", tmp_path / "sources.txt")
    rows = [source("3.13.5", "python3.13"), source("1.3.1")]
    module.TABLE.write_text(SOURCES["table"](["# sources"], rows))
    return module


def made(sources: Any, version: str, package: str = "zlib") -> Any:
    """A source as the module has it."""
    return sources.Source(package, f"{package}_{version}.orig.tar.gz", "00")


class TestStale:
    """Whether a pin is older than what the archive offers."""

    def test_newer(self, sources: Any) -> None:
        """Each pin with a newer version in the archive is named with that version, the newest that can be had."""
        ghost, newest = made(sources, "1.3.3"), made(sources, "1.3.2")
        archive = Archive(ghost, newest, made(sources, "3.13.10", "python3.13"), lacks=(ghost,))

        assert sources.stale(archive) == [
            (
                "python3.13_3.13.5.orig.tar.gz is pinned, and Debian's archive has python3.13_3.13.10.orig.tar.gz: "
                "`make sources` pins it"
            ),
            "zlib_1.3.1.orig.tar.gz is pinned, and Debian's archive has zlib_1.3.2.orig.tar.gz: `make sources` pins it",
        ]

    def test_nothing_newer(self, sources: Any) -> None:
        """What is pinned, what is older, another series and what cannot be had make no pin old."""
        ghost, others = made(sources, "1.3.2"), (made(sources, "1.3.0"), made(sources, "1.4.0"))

        assert sources.stale(Archive(*others, ghost, *sources.pinned(), lacks=(ghost,))) == []


class TestUpdate:
    """Pinning anew."""

    def test_newest(self, sources: Any) -> None:
        """The newest that can be had is pinned, not what is only listed; comments stay."""
        ghost, newest = made(sources, "1.3.3"), made(sources, "1.3.2")
        sources.update(Archive(ghost, newest, *sources.pinned(), lacks=(ghost,)))

        assert [pin.version for pin in sources.pinned()] == [(3, 13, 5), (1, 3, 2)]
        assert sources.TABLE.read_text().startswith("# sources\npython3.13 ")

    def test_none(self, sources: Any) -> None:
        """A package of which the archive has nothing of the series is named."""
        archive = Archive(made(sources, "3.13.5", "python3.13"), made(sources, "1.4.0"))

        with pytest.raises(SystemExit, match=r"^Debian's archive has no zlib 1\.3 any more$"):
            sources.update(archive)


def test_gone(sources: Any) -> None:
    """A file that the archive has no more is named, with what the archive lists and what can be done."""
    _, zlib = sources.pinned()

    assert sources.fetch(Archive(zlib), zlib) == ""
    assert sources.fetch(Archive(made(sources, "1.3.2")), zlib) == (
        "zlib_1.3.1.orig.tar.gz is gone from Debian's archive, which has zlib_1.3.2.orig.tar.gz: "
        "put the file into .cache/sources, or pin what there is with `make sources`"
    )


def test_present(sources: Any) -> None:
    """A tarball is in the cache if it has the pinned bytes."""
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    pin = sources.Source("zlib", "zlib_1.tar", empty)
    seen = [pin.present()]
    for content in ("other", ""):
        pin.path.write_text(content)
        seen.append(pin.present())

    assert seen == [False, False, True]


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
        monkeypatch.setattr(sys, "argv", ["sources.py"])

        assert sources.main() == 0
