"""The compiled interpreter: how it is hardened, what is linked into it, what it does with the environment."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile

from tests.support import ROOT
from tests.support.packages import TREE
from tests.support.rie import ARCH

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.compiled

PYTHON = TREE / "lambda-bootstrap" / "bin" / "python3"
# Every tree that has been built; CI builds both.
TREES = [folder for name in ("x86_64", "arm64") if (folder := ROOT / "build" / "tree" / name).is_dir()]


def run(code: str, *arguments: str) -> str:
    """What a program prints under our interpreter."""
    command = [str(PYTHON), "-I", "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.name)
class TestElf:
    """The program as a file."""

    def test_hardened(self, tree: Path) -> None:
        """What must be read-only after the start is so, no stack is executable, and libraries are the system's."""
        with (tree / "lambda-bootstrap" / "bin" / "python3").open("rb") as file:
            elf = ELFFile(file)
            (dynamic,) = [section for section in elf.iter_sections() if isinstance(section, DynamicSection)]
            tags = {tag.entry.d_tag for tag in dynamic.iter_tags()}
            segments = {segment["p_type"]: segment["p_flags"] for segment in elf.iter_segments()}

            assert "PT_GNU_RELRO" in segments
            assert not segments["PT_GNU_STACK"] & 1  # PF_X
            assert {"DT_TEXTREL", "DT_RPATH", "DT_RUNPATH"}.isdisjoint(tags)

    def test_checks(self, tree: Path) -> None:
        """The C library's own functions check the stack and the lengths of what is copied: none is linked in."""
        with (tree / "lambda-bootstrap" / "bin" / "python3").open("rb") as file:
            symbols: Any = ELFFile(file).get_section_by_name(".dynsym")
            taken = {each.name for each in symbols.iter_symbols() if each["st_shndx"] == "SHN_UNDEF"}
            given = {each.name for each in symbols.iter_symbols()} - taken

        assert {"__stack_chk_fail", "__memcpy_chk", "__vsnprintf_chk"} <= taken
        assert [name for name in given if name.endswith(("_chk", "_chk_fail", "_chk_guard"))] == []
        # On x86_64, the secret is in the thread's own block; on arm64, the dynamic linker has it.
        assert ("__stack_chk_guard" in taken) == (tree.name == "arm64")


@pytest.fixture(scope="module", name="bill")
def _bill(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The components of the tree's bill of materials as lib4sbom reads it, by name."""
    output = tmp_path_factory.mktemp("sbom") / "tree.cdx.json"
    command = [sys.executable, str(ROOT / "packaging" / "sbom.py"), str(TREE), ARCH, str(output)]
    subprocess.run(command, check=True)
    # It leaves a file of its own open, which is no fault of ours.
    code = "import json, sys; from lib4sbom.parser import SBOMParser; parser = SBOMParser(); "
    code += "parser.parse_file(sys.argv[1]); print(json.dumps(parser.get_packages()))"
    scanned = subprocess.run([sys.executable, "-c", code, str(output)], capture_output=True, check=True).stdout
    return {package["name"]: package for package in json.loads(scanned)}


ANSWERS = """
import _decimal, json, platform, pyexpat, sqlite3, ssl, tzdata, zlib
print(json.dumps({
    "cpython": platform.python_version(),
    "expat": pyexpat.EXPAT_VERSION.removeprefix("expat_"),
    "mpdecimal": _decimal.__libmpdec_version__,
    "openssl": ssl.OPENSSL_VERSION.split()[1],
    "sqlite": sqlite3.sqlite_version,
    "tzdata": tzdata.__version__,
    "zlib": zlib.ZLIB_RUNTIME_VERSION,
}))
"""


class TestParts:
    """What the program is made of."""

    def test_versions(self, bill: dict[str, dict[str, Any]]) -> None:
        """What the libraries answer from inside the program is what the bill of materials says."""
        answers = json.loads(run(ANSWERS))

        assert answers == {name: bill[name]["version"] for name in answers}

    def test_versions_in_program(self, bill: dict[str, dict[str, Any]]) -> None:
        """Bzip2, which has no answer, has its version and day in the program, for an error message."""
        version = re.escape(bill["bzip2"]["version"]).encode()

        assert re.search(rb"%b, \d{1,2}-[A-Z][a-z]{2}-\d{4}\0" % version, PYTHON.read_bytes())

    def test_complete(self, bill: dict[str, dict[str, Any]]) -> None:
        """A scanner reads name, version and licence of all that is linked in or came along, bundled libraries too."""
        linked = {"bzip2", "cpython", "expat", "glibc", "hacl-star", "libffi", "mimalloc", "mpdecimal", "musl"}
        linked |= {"openssl", "sqlite", "xz", "zig-compiler-rt", "zlib"}

        assert linked | {"certifi", "tzdata", "structlog", "urllib3"} == bill.keys()
        assert [name for name, part in bill.items() if not part["version"] or "licenseconcluded" not in part] == []
        assert bill["tzdata"]["licenseconcluded"] == "Apache-2.0"

    def test_licences(self) -> None:
        """Each part has its licence in the tree, CPython's notices of what it has taken in among them."""
        folder = TREE / "lambda-bootstrap" / "licences"
        parts = [line.split()[0] for line in (folder / "PARTS").read_text().splitlines()]
        # Of these, CPython's notices have the text.
        inside = {"expat", "libmpdec", "mimalloc"}
        (notices,) = folder.glob("python3.*-incorporated.txt")

        assert [part for part in parts if part not in inside and not (folder / f"{part}.txt").read_text()] == []
        assert inside | {"zlib", "SipHash24"} <= set(notices.read_text().splitlines())
        assert {"certifi.txt", "lambda-bootstrap.txt", "structlog-MIT.txt", "tzdata.txt", "urllib3.txt"} <= {
            path.name for path in folder.iterdir()
        }


SETTING = """
import ctypes, os, subprocess, sys, threading
libc = ctypes.CDLL(None)
libc.getenv.restype = ctypes.c_void_p

def get(name):
    place = libc.getenv(name.encode())
    return ctypes.string_at(place).decode() if place else None

def kilobytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024
"""


class TestEnvironment:
    """A variable that is set anew all the time, as the trace id is."""

    def test_flat(self) -> None:
        """300,000 values of one variable take no memory; with glibc's `setenv`, they take 43 MB."""
        code = f"""{SETTING}
for number in range(300_000):
    os.environ["_X_AMZN_TRACE_ID"] = f"Root=1-5bef4de7-{{number:024x}};Parent=60e6cc9f2e4f1c4c;Sampled=1"
    if number == 50_000:
        before = kilobytes()
print(kilobytes() - before)
"""
        assert int(run(code)) < 500

    def test_values(self) -> None:
        """C code and child processes see the last value, be it longer or shorter, new, or set after a removal."""
        code = f"""{SETTING}
for length in (1, 10, 1000, 5, 0, 100_000, 3):
    os.environ["A"], os.environ["B"] = "a" * length, "b"
    assert (get("A"), get("B")) == ("a" * length, "b")
del os.environ["A"]
assert (get("A"), get("B")) == (None, "b")
for value in ("x", "yy", "zzz"):
    os.environ["A"] = value
    assert get("A") == value
    os.unsetenv("A")
    assert get("A") is None
    os.putenv("A", value)
libc.setenv(b"A", b"from C", 1)
assert get("A") == "from C"
os.environ["A"] = "\\u00e9"
child = "import os; print(ascii(os.environ['A']), os.environ['B'])"
print(subprocess.run([sys.executable, "-c", child], env=None, capture_output=True, text=True).stdout)
for name in ("", "A=B"):
    try:
        os.putenv(name, "")
    except (OSError, ValueError) as error:
        print(type(error).__name__)
"""
        assert run(code).split() == ["'\\xe9'", "b", "OSError", "ValueError"]

    def test_reader(self) -> None:
        """A thread that reads a variable while it is set finds a value that ends where one of them may end."""
        code = f"""{SETTING}
done, lengths = [], set()
os.environ["A"] = "a"
def read():
    while not done:
        lengths.add(len(get("A")))
reader = threading.Thread(target=read)
reader.start()
sys.setswitchinterval(1e-5)
for number in range(200_000):
    os.environ["A"] = "ab" * (number % 50 + 1)
done.append(True)
reader.join()
print(max(lengths), len(lengths) > 1)
"""
        longest, has_changed = run(code).split()

        assert (int(longest) <= 100, has_changed) == (True, "True")
