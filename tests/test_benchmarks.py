"""The benchmark's arithmetic and its table. No time is taken here: `make bench` is a report, not a test."""

from __future__ import annotations

from benchmarks.report import GO, OURS, RIC, Figures, Target, quiet, table, verdict

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
    lines = table(ROWS).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert {line.count("|") for line in lines} == {8}
    assert set(lines[1]) == set("|- ")


def test_ratios_are_to_awslambdaric() -> None:
    """A row has its figures with their units, each beside its multiple of awslambdaric's."""
    row = [cell.strip() for cell in table(ROWS).splitlines()[2].split("|")[1:-1]]
    assert row == ["lambda-bootstrap", "20.0 + 10.0 µs", "0.38", "15.0 ms", "0.50", "10.0 MB", "0.80"]


def test_without_awslambdaric_there_are_no_ratios() -> None:
    """Figures are shown, and a dash for each ratio, where awslambdaric could not be had."""
    row = [cell.strip() for cell in table({OURS: ROWS[OURS]}).splitlines()[2].split("|")[1:-1]]
    assert row == ["lambda-bootstrap", "20.0 + 10.0 µs", "-", "15.0 ms", "-", "10.0 MB", "-"]


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
