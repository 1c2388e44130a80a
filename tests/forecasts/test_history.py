"""Reading calls.csv, and carrying it from one grid to another."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasts.history import History, read_calls
from forecasts.problems import InputError

DAY = [
    f"2026-03-02 {hour:02}:{minute:02},10" for hour in range(24) for minute in (0, 30)
]


def calls(folder, lines, header="timestamp,offered"):
    path = folder / "calls.csv"
    path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    return path


def refusals(path):
    with pytest.raises(InputError) as caught:
        read_calls(path)
    return caught.value.problems


def with_line(line, text):
    """Return the day with one physical line replaced; the header is line 1."""
    lines = list(DAY)
    lines[line - 2] = text
    return lines


@pytest.mark.parametrize(
    ("text", "column", "found", "expected", "remedy"),
    [
        (
            "2026-03-02 09:00,-5",
            "offered",
            "-5",
            "a whole number, 0 or more",
            "Remove or repair the line.",
        ),
        (
            "2026-03-02 09:07,10",
            "timestamp",
            "2026-03-02 09:07:00",
            "a time on the 30-minute grid of the file",
            "Move the calls to the interval they belong to.",
        ),
        (
            "2026-03-02 09:00:20,10",
            "timestamp",
            "2026-03-02 09:00:20",
            "a time on the 30-minute grid of the file",
            "Move the calls to the interval they belong to.",
        ),
        (
            "2026-03-02 08:30,10",
            "timestamp",
            "2026-03-02 08:30:00",
            "each interval once (also on line 19)",
            "Remove one of the two lines, or add their calls up.",
        ),
        (
            "03/02/2026 09:00,10",
            "timestamp",
            "03/02/2026 09:00",
            "a local time such as 2026-03-02 08:30",
            "Write local times as year-month-day hours:minutes.",
        ),
        (
            "2026-03-02 09:00+08:00,10",
            "timestamp",
            "2026-03-02 09:00:00+08:00",
            "times written as on line 2, all with an offset or all without",
            "Export local times in one form.",
        ),
        (
            "2026-03-02 09:00,12.0",
            "offered",
            "12.0",
            "a whole number, 0 or more",
            "Remove or repair the line.",
        ),
    ],
)
def test_one_bad_line(tmp_path, text, column, found, expected, remedy):
    """File, line, column, what stands there, what should, and what to do."""
    (problem,) = refusals(calls(tmp_path, with_line(20, text)))
    assert (problem.file, problem.line, problem.column) == ("calls.csv", 20, column)
    assert (problem.found, problem.expected) == (found, expected)
    assert problem.remedy == remedy


@pytest.mark.parametrize("aht", ["0", "-1", "14401", "nan", "3min"])
def test_handling_times_out_of_range(tmp_path, aht):
    """Above 0 and at most four hours."""
    lines = [line + ",180" for line in DAY]
    lines[5] = f"{DAY[5]},{aht}"
    path = calls(tmp_path, lines, "timestamp,offered,aht_seconds")
    (problem,) = refusals(path)
    assert (problem.line, problem.column, problem.found) == (7, "aht_seconds", aht)
    assert problem.expected == "a number above 0, 14400 or less"


def test_all_problems_at_once(tmp_path):
    """A planner repairs the file in one go."""
    lines = with_line(5, "2026-03-02 01:30,-1")
    lines[20] = "2026-03-02 10:10,x"
    assert [(p.line, p.column) for p in refusals(calls(tmp_path, lines))] == [
        (5, "offered"),
        (22, "offered"),
    ]


def test_a_missing_column(tmp_path):
    """The header is line 1."""
    (problem,) = refusals(calls(tmp_path, DAY, "timestamp,offred"))
    assert (problem.line, problem.column, problem.found) == (1, "offered", "offred")


def test_gbk_behind_a_utf8_mark(tmp_path):
    """The encoding is settled before any cell is read."""
    path = tmp_path / "calls.csv"
    text = "timestamp,offered,queue\n2026-03-02 09:00,5,贷款\n"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode("gbk"))
    (problem,) = refusals(path)
    assert (problem.file, problem.line) == ("calls.csv", 2)
    assert problem.expected == "UTF-8, as its mark says"


@pytest.mark.parametrize("minutes", [5, 10, 15, 20, 30, 60])
def test_the_interval_is_found(tmp_path, minutes):
    """From the times alone, at every interval a switch reports."""
    stamps = [
        f"2026-03-02 {m // 60:02}:{m % 60:02},3" for m in range(420, 1260, minutes)
    ]
    history = read_calls(calls(tmp_path, stamps))
    assert history.interval_minutes == minutes
    assert np.nansum(history.calls) == 3 * len(stamps)


@pytest.mark.parametrize("minutes", [6, 12, 45])
def test_other_intervals_are_refused(tmp_path, minutes):
    """An interval that does not cut the hour as a roster does."""
    stamps = [f"2026-03-02 {m // 60:02}:{m % 60:02},3" for m in range(0, 720, minutes)]
    problem = refusals(calls(tmp_path, stamps))[0]
    assert problem.found == f"{minutes} min between lines"


def test_missing_is_missing_and_zero_is_zero(tmp_path):
    """A line left out is unknown; a line of 0 is a quiet interval."""
    lines = [line for line in DAY if " 03:30" not in line]
    lines[2] = "2026-03-02 01:00,0"
    history = read_calls(calls(tmp_path, lines))
    assert np.isnan(history.calls[0, 0, 7])
    assert history.calls[0, 0, 2] == 0


def test_unsorted_lines_are_sorted_with_a_note(tmp_path):
    """The order of the lines does not matter."""
    history = read_calls(calls(tmp_path, DAY[::-1]))
    assert (history.calls == 10).all()
    assert "not in time order" in history.warnings[0]


def test_queues_share_the_grid(tmp_path):
    """Each queue has its own calls; one may repeat another's times."""
    lines = [f"{line},{queue}" for line in DAY for queue in ("cards", "loans")]
    history = read_calls(calls(tmp_path, lines, "timestamp,offered,queue"))
    assert history.queues == ("cards", "loans")
    assert history.calls.shape == (2, 1, 48)


def test_offsets_give_local_time_and_autumn_hours_are_averaged(tmp_path):
    """01:00 comes twice on the night the clocks go back: its mean rate counts."""
    lines = [
        "2026-10-25T00:00:00+01:00,8",
        "2026-10-25T01:00:00+01:00,6",
        "2026-10-25T01:00:00+00:00,4",
        "2026-10-25T02:00:00+00:00,2",
    ]
    history = read_calls(calls(tmp_path, lines))
    assert history.calls[0, 0, :3].tolist() == [8, 5, 2]


def test_a_zero_handling_time_without_calls_is_unknown(tmp_path):
    """As many switches report an interval without calls."""
    lines = ["2026-03-02 00:00,0,0", "2026-03-02 00:30,2,90"]
    history = read_calls(calls(tmp_path, lines, "timestamp,offered,aht_seconds"))
    assert np.isnan(history.aht_seconds[0, 0, 0])
    assert history.aht_seconds[0, 0, 1] == 90


@given(
    seed=st.integers(0, 999),
    minutes=st.sampled_from([5, 10, 15, 20, 30, 60]),
    onto=st.sampled_from([5, 10, 15, 20, 30, 60]),
)
@settings(max_examples=30, deadline=None)
def test_calls_and_work_survive_resampling(seed, minutes, onto):
    """No call and no second of work is gained or lost where nothing is missing."""
    rng = np.random.default_rng(seed)
    shape = (1, 2, 1440 // minutes)
    history = History(
        ("calls",),
        minutes,
        date(2026, 3, 2),
        rng.poisson(9, shape).astype(float),
        rng.uniform(60, 300, shape),
    )
    other = history.resampled(onto)
    work = np.nansum(history.calls * history.aht_seconds)
    assert other.calls.sum() == pytest.approx(history.calls.sum())
    assert np.nansum(other.calls * other.aht_seconds) == pytest.approx(work)


def test_a_coarse_interval_is_missing_when_a_part_is():
    """Half an interval's calls are not its calls."""
    amounts = np.full((1, 1, 288), 2.0)
    amounts[0, 0, 7] = np.nan
    coarse = History(("calls",), 5, date(2026, 3, 2), amounts).resampled(30)
    assert np.isnan(coarse.calls[0, 0, 1])
    assert coarse.calls[0, 0, 0] == 12


def test_a_mistyped_year_is_found(tmp_path):
    """It would otherwise make a history of two thousand years."""
    (problem,) = refusals(calls(tmp_path, with_line(3, "0206-03-02 00:30,10")))
    assert problem.expected.endswith("(it begins with 206-03-02 on line 3)")
