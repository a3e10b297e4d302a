"""Which tarballs the interpreter's pins move to, given what Debian's archive lists."""

from __future__ import annotations

import re
import runpy
from typing import Any

from tests.support import ROOT

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
