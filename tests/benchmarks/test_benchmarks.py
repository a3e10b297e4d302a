"""The benchmark's arithmetic and its table. No time is taken here: `make bench` is a report, not a test."""

from __future__ import annotations

import logging as stdlib_logging
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks import records
from benchmarks.__main__ import TABLES, main
from benchmarks.build import Start, logging
from benchmarks.logs import RECORDS, handler
from benchmarks.page import Table, merged, section
from benchmarks.report import GO, OURS, RIC, Figures, Target, quartile, quiet, rows, verdict

if TYPE_CHECKING:
    from pathlib import Path

ROWS = {
    OURS: Figures(turn_us=20.0, loop_us=10.0, first_next_ms=15.04, rss_kb=10240),
    RIC: Figures(turn_us=60.0, loop_us=20.0, first_next_ms=30.0, rss_kb=12800),
}


def test_an_invocation_is_its_turn_and_its_loop() -> None:
    """What an invocation costs is the time in it and the time to the next."""
    assert ROWS[OURS].invocation_us == 30.0


def test_a_quarter_of_the_rounds_is_enough_for_each_figure() -> None:
    """Of each figure on its own the lower quartile is told: above it, rounds may be as noisy as they like."""
    rounds = [Figures(1, 900, 7, 40), Figures(2, 5, 8, 60), Figures(900, 6, 900, 50), Figures(900, 901, 9, 70)]
    assert quiet(rounds) == Figures(2, 6, 8, 50)


def test_one_round_tells_its_own_figures() -> None:
    """A single round is its own quartile."""
    assert quiet([ROWS[RIC]]) == ROWS[RIC]


def test_the_table_is_aligned_markdown() -> None:
    """Every line of the table has the same width and the same seven columns."""
    lines = str(Table("An echo", rows(ROWS))).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert {line.count("|") for line in lines} == {8}
    assert set(lines[1]) == set("|- ")


def test_ratios_are_to_awslambdaric() -> None:
    """A row has its figures with their units, each beside its multiple of awslambdaric's."""
    assert rows(ROWS)[1] == ["lambda-bootstrap", "20.0 + 10.0 µs", "0.38", "15.0 ms", "0.50", "10.0 MB", "0.80"]


def test_without_awslambdaric_there_are_no_ratios() -> None:
    """Figures are shown, and a dash for each ratio, where awslambdaric could not be had."""
    assert rows({OURS: ROWS[OURS]})[1] == ["lambda-bootstrap", "20.0 + 10.0 µs", "-", "15.0 ms", "-", "10.0 MB", "-"]


def test_a_target_is_met_at_its_very_limit() -> None:
    """A ratio that equals the target meets it."""
    line = verdict(Target("rss_kb", RIC, 0.8), ROWS)
    assert line == "target: RSS at most 0.8 x awslambdaric's: 0.80, met"


def test_a_target_just_missed_says_so() -> None:
    """A figure over its limit is not met, also where two digits of the ratio hide it."""
    line = verdict(Target("first_next_ms", RIC, 0.5), ROWS)
    assert line == "target: first `next` at most 0.5 x awslambdaric's: 0.50, NOT met"


def test_a_target_without_its_peer_is_not_measured() -> None:
    """Nothing is claimed against a peer that could not be had."""
    line = verdict(Target("invocation_us", GO, 1), ROWS)
    assert line == "target: per invocation at most 1 x aws-lambda-go's: not measured"


def test_the_quartile_of_a_single_value_is_itself() -> None:
    """One value is all its quartiles; of four, the second is the lower one."""
    assert quartile([3.0]) == 3.0
    assert quartile([4.0, 1.0, 3.0, 2.0]) == 2.0


def test_records_per_second_come_from_the_turn_alone() -> None:
    """A turn of 10 ms with 500 records is 50000 records per second, however long the loop takes."""
    logs = {OURS: Figures(turn_us=10_000, loop_us=900, first_next_ms=20, rss_kb=1)}
    assert records.rates(logs) == {OURS: 50_000}


def test_the_function_that_logs_logs_what_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    """An invocation returns its event and leaves 500 records: 10 with an exception, 240 with fields of their own."""
    with caplog.at_level(stdlib_logging.INFO):
        event = handler({"hello": "world"}, None)  # type: ignore[no-untyped-call] # as most functions are
    assert event == {"hello": "world"}
    assert len(caplog.records) == RECORDS == 500
    assert sum(record.exc_info is not None for record in caplog.records) == 10
    assert sum(hasattr(record, "order") for record in caplog.records) == 240


def test_what_an_import_adds() -> None:
    """The import line has two differences, each between a start with `logging` and one without."""
    line = "`import logging` adds 7.0 ms to our first `next`, 6.0 ms to `python3 -c pass`"
    assert records.import_line(7.04, 6) == line


def test_the_log_table_has_rates_and_their_ratio() -> None:
    """A row of the second table is a rate and its multiple of awslambdaric's; more is better."""
    assert records.rows({OURS: 90_000.4, RIC: 60_000.0})[1] == ["lambda-bootstrap", "90000 /s", "1.50"]
    assert records.rows({OURS: 90_000.4})[1][2] == "-"


def test_as_many_records_as_awslambdaric_meet_the_target() -> None:
    """Equal rates meet the target, one record per second less does not, and without awslambdaric nothing is claimed."""
    asked = "target: JSON records per second at least 1 x awslambdaric's"
    assert records.verdict({OURS: 60_000.0, RIC: 60_000.0}) == f"{asked}: 1.00, met"
    assert records.verdict({OURS: 59_999.0, RIC: 60_000.0}) == f"{asked}: 1.00, NOT met"
    assert records.verdict({OURS: 60_000.0}) == f"{asked}: not measured"


def test_the_logging_peer_differs_in_handler_and_options_only() -> None:
    """The function that logs is the command's last argument and `_HANDLER`; the format is JSON, the level INFO."""
    start = logging(Start(("bootstrap",), options=(("BOOTSTRAP_TRANSPORT", "socket"),)))
    assert start.command == ("bootstrap", "logs.handler")
    assert start.environment["_HANDLER"] == "logs.handler"
    assert start.environment["AWS_LAMBDA_LOG_FORMAT"] == "JSON"
    assert start.environment["AWS_LAMBDA_LOG_LEVEL"] == "INFO"
    assert start.environment["BOOTSTRAP_TRANSPORT"] == "socket"


def test_a_table_takes_the_place_of_the_old_one() -> None:
    """A table that is measured anew replaces its own section of the page; all others stay, in the page's order."""
    old = merged(
        "", {"b": section(Table("B", [["x"], ["1"]]), "then"), "c": section(Table("C", []), "then")}, ["b", "c"]
    )
    fresh = {"a": section(Table("A", [["x"], ["2"]], ["as it was"]), "now"), "c": section(Table("C", []), "now")}
    page = merged(old, fresh, ["a", "b", "c"])
    kept = "<!-- table: b -->\n## B\n\nthen\n\n| x |\n| --- |\n| 1 |\n"

    assert page.count("## ") == 3
    assert kept in old
    assert kept in page
    assert page.index("## A\n\nnow") < page.index("## B") < page.index("## C\n\nnow")
    assert "| 2 |\n\n- as it was\n" in page


def test_a_table_that_is_no_more() -> None:
    """A section goes from the page when there is no such table any longer; the page's own words stay."""
    old = merged("# Top\n\nWords.\n", {"gone": section(Table("Gone", []), "then")}, ["gone"])

    assert merged(old, {}, ["a"]) == "# Top\n\nWords.\n"


@pytest.mark.parametrize(("fates", "status"), [((True,), 0), ((False,), 1), ((False, True), 1)])
def test_a_fault_is_the_exit_status(
    fates: tuple[bool, ...], status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each table is written, and one that shows a fault makes the run end with 1, whatever comes after it."""
    names = [f"fate{number}" for number in range(len(fates))]
    for name, fate in zip(names, fates, strict=True):
        module: Any = ModuleType(name)
        module.measure = lambda _rounds, name=name, fate=fate: Table(name, [], [], fate)
        monkeypatch.setitem(TABLES, name, name)
        monkeypatch.setitem(sys.modules, f"benchmarks.{name}", module)
    page = tmp_path / "page.md"
    monkeypatch.setattr(sys, "argv", ["benchmarks", *names, "--page", str(page)])

    assert main() == status
    assert [line for line in page.read_text().splitlines() if line.startswith("## ")] == [
        f"## {name}" for name in names
    ]
