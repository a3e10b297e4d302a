"""The table of what ran on which Python."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.support.scripts import script

if TYPE_CHECKING:
    from pathlib import Path

matrix = script("matrix")
TESTS = """
import os, sys
import pytest

def test_green(): pass
def test_options(): assert os.environ["RUNTIME_OPTIONS"] == "-X dev"
@pytest.mark.skip(reason="no engine")
def test_skipped(): pass
@pytest.mark.xfail(strict=True)
def test_known(): assert False
"""
RED = "def test_red(): assert False\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports go to a folder of the test's."""
    monkeypatch.setattr(matrix, "FOLDER", tmp_path)


def written(folder: Path, text: str) -> str:
    """Write a test file; return its name."""
    file = folder / "test_it.py"
    file.write_text(text)
    (folder / "pytest.ini").touch()
    return str(file)


def test_versions() -> None:
    """The matrix has this Python first, and each version once."""
    assert matrix.VERSIONS[0] == matrix.NATIVE == "{}.{}".format(*sys.version_info)
    assert Counter(matrix.VERSIONS).most_common(1)[0][1] == 1
    assert {"3.13", "3.14", "3.15"} <= set(matrix.VERSIONS)


def test_row(tmp_path: Path) -> None:
    """A row counts what ran, with what is known to fail, and has the reason of what did not."""
    row = matrix.tested(matrix.NATIVE, ["-X", "dev"], [written(tmp_path, TESTS)])

    assert row == matrix.Row(f"{matrix.NATIVE} -X dev", is_green=True, ran=3, failed=0, skipped={"no engine": 1})


def test_red(tmp_path: Path) -> None:
    """A row with a failed test is not green."""
    row = matrix.tested(matrix.NATIVE, [], [written(tmp_path, TESTS + RED)])

    assert (row.is_green, row.ran, row.failed) == (False, 4, 2)


def test_no_report(tmp_path: Path) -> None:
    """A Python on which pytest does not even start has run nothing, whatever an earlier report says."""
    (tmp_path / f"{matrix.NATIVE}.xml").write_text("<testsuites><testcase/></testsuites>")
    row = matrix.tested(matrix.NATIVE, [], ["--no-such-option"])

    assert row == matrix.Row(matrix.NATIVE, is_green=False, ran=0, failed=0, skipped=Counter())


@pytest.mark.parametrize(("text", "red"), [(TESTS, 0), (TESTS + RED, 1)])
def test_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str, red: int
) -> None:
    """The table has a row for each Python and a line for each reason; the status says whether all are green."""
    argv = ["matrix.py", "--pythons", matrix.NATIVE, "--options= -X dev", "--", written(tmp_path, text)]
    monkeypatch.setattr(sys, "argv", argv)

    assert matrix.main() == red
    assert capsys.readouterr().out.endswith(
        f"\n{'Python':<32}{'run':>6}{'failed':>8}{'skipped':>9}\n"
        f"{matrix.NATIVE + ' -X dev':<32}{3 + red:>6}{red:>8}{1:>9}{'  not green' if red else ''}\n"
        f"{'':<32}{1:>6} no engine\n"
    )


def test_unknown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A Python that no suite has is refused with those that there are."""
    monkeypatch.setattr(sys, "argv", ["matrix.py", "--pythons", "2.7"])

    with pytest.raises(SystemExit):
        matrix.main()
    assert "no suite is known that has Python 2.7: there are 3." in capsys.readouterr().err
