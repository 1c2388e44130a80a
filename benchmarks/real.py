"""Cases made from two real call histories, whose files the project does not ship.

Both histories are described in ``$ROSTERWRIGHT_DATA/calls/README.md``. People, shifts
and what is promised to callers are ours: nothing of the kind was published with them.
"""

import csv
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from benchmarks.registry import Benchmark, Row, Task
from benchmarks.run import run_folder
from benchmarks.tables import mean_gap, table

SMALL, LARGE = "anonymous_bank_feb1999_30min.csv", "na_bank_2003_5min.csv"
GRID = 30
STUB = "21:00"
"""The large bank's last interval of a day, five minutes alone."""

Shift = tuple[str, str, str, str]
"""Code, class, start and end."""


def calls_folder() -> Path:
    """Return the folder of the histories.

    Raises
    ------
    FileNotFoundError
        Where ROSTERWRIGHT_DATA does not name a folder that holds them.
    """
    named = os.environ.get("ROSTERWRIGHT_DATA", "")
    folder = Path(named, "calls")
    if not named or not folder.is_dir():
        raise FileNotFoundError(
            f"Expected ROSTERWRIGHT_DATA to name a folder with calls in it, "
            f"got {named!r}."
        )
    return folder


# -- a small bank, round the clock --------------------------------------------------

SMALL_CASE = """\
# Anonymous Bank: calls of February 1999, rostered for the two weeks after.
schema = 1
name = "anonymous-bank"
time_zone = "Asia/Jerusalem"
language = "en"

[horizon]
first_day = 1999-03-01
days = 14
interval_minutes = 30

[forecast]
country = ""                     # four weeks hold no holiday to learn from

[service]
threshold_seconds = 10
target = 0.90
max_occupancy = 0.85
shrinkage = 0.15
floor = 1
hours = "00:00-24:00"

[rules]
pack = "bank"
"""

SMALL_SHIFTS: tuple[Shift, ...] = (
    ("D1", "day", "06:30", "15:00"),
    ("D2", "day", "07:00", "15:30"),
    ("D3", "day", "08:00", "16:30"),
    ("D4", "day", "09:00", "17:30"),
    ("D5", "day", "10:00", "18:30"),
    ("E1", "evening", "12:00", "20:30"),
    ("E2", "evening", "13:30", "22:00"),
    ("E3", "evening", "15:30", "24:00"),
    ("N1", "night", "22:00", "06:30"),
    ("N2", "night", "23:00", "07:30"),
    ("H1", "day", "08:00", "12:00"),
    ("H2", "evening", "17:00", "21:00"),
)
"""8 h paid, an unpaid meal of 30 min within; two of 4 h for part-time people."""


def write_anonymous_bank(folder: Path, calls: Path) -> None:
    """Write a case of 40 people, 24 x 7, the two weeks from 1 March 1999.

    Parameters
    ----------
    folder
        Made where it is missing.
    calls
        The folder of the histories.
    """
    rows = (
        (row["timestamp"], row["calls"], row["aht_seconds"])
        for row in _rows(calls / SMALL)
    )
    _write_case(
        folder,
        settings=SMALL_CASE,
        agents=_small_bank_agents(),
        shifts=SMALL_SHIFTS,
        calls=(("timestamp", "offered", "aht_seconds"), *rows),
    )


def _small_bank_agents() -> Iterator[tuple[object, ...]]:
    """Yield 16 people of 40 h (twelve lead), 12 of 32 h, 12 of 20 h: 1,264 h a week."""
    for number in range(40):
        place = number % 10
        hours = 40 if place < 4 else 32 if place < 7 else 20
        classes = "" if hours == 40 or place in (4, 5) else "day;evening"
        yield f"P{number + 1:02}", hours, classes, "leader" if place < 3 else ""


# -- a large bank, Monday to Friday -------------------------------------------------

LARGE_CASE = """\
# A North American bank: calls of March to October 2003, rostered for the two weeks
# after. Clocks went back on 26 October, the Sunday before the first day.
schema = 1
name = "na-bank"
time_zone = "America/New_York"
language = "en"

[horizon]
first_day = 2003-10-27
days = 14
interval_minutes = 30

[forecast]
country = "US"

[service]
threshold_seconds = 20
target = 0.80
aht_seconds = 180
max_occupancy = 0.90
shrinkage = 0.10
floor = 10
hours = {mon = "07:00-21:00", tue = "07:00-21:00", wed = "07:00-21:00", \
thu = "07:00-21:00", fri = "07:00-21:00", sat = "", sun = ""}

[rules]
pack = "bank"
"""


def write_na_bank(folder: Path, calls: Path) -> None:
    """Write a case of 280 people, Monday to Friday, the two weeks from 27 October 2003.

    Parameters
    ----------
    folder
        Made where it is missing.
    calls
        The folder of the histories.
    """
    agents = (
        (f"P{number + 1:03}", 40, "", "leader" if number % 8 == 0 else "")
        for number in range(280)
    )
    _write_case(
        folder,
        settings=LARGE_CASE,
        agents=agents,
        shifts=_large_bank_shifts(),
        calls=(("timestamp", "offered"), *_half_hours(calls / LARGE)),
    )


def _large_bank_shifts() -> Iterator[Shift]:
    """Yield shifts of 8 h paid from 07:00 to 12:30, every half hour."""
    for number in range(12):
        start = 7 * 60 + GRID * number
        hour, minute = divmod(start, 60)
        until = divmod(start + 8 * 60 + 30, 60)
        kind = "day" if number < 8 else "evening"
        yield (
            f"S{hour:02}{minute:02}",
            kind,
            f"{hour:02}:{minute:02}",
            f"{until[0]:02}:{until[1]:02}",
        )


def _half_hours(path: Path) -> Iterator[tuple[str, int]]:
    """Yield the large bank's calls by half hour, without the stub at 21:00."""
    sums: Counter[str] = Counter()
    for row in _rows(path):
        at = datetime.fromisoformat(row["timestamp"])
        if f"{at:%H:%M}" != STUB:
            begun = at.replace(minute=at.minute // GRID * GRID)
            sums[f"{begun:%Y-%m-%d %H:%M}"] += int(row["calls"])
    yield from sorted(sums.items())


# -- files --------------------------------------------------------------------------


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _write_case(
    folder: Path,
    *,
    settings: str,
    agents: Iterable[Sequence[object]],
    shifts: Iterable[Shift],
    calls: Iterable[Sequence[object]],
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "case.toml").write_text(settings, encoding="utf-8")
    people = (
        (agent, agent, hours, classes, roles) for agent, hours, classes, roles in agents
    )
    tables: dict[str, Iterable[Sequence[object]]] = {
        "agents.csv": (
            ("agent", "name", "hours_per_week", "classes", "roles"),
            *people,
        ),
        "shifts.csv": (("shift", "class", "start", "end"), *shifts),
        "calls.csv": calls,
    }
    for name, rows in tables.items():
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)


CASES: dict[str, Callable[[Path, Path], None]] = {
    "anonymous-bank": write_anonymous_bank,
    "na-bank": write_na_bank,
}
"""What writes each case, given its folder and that of the histories."""


def run(task: Task) -> Row:
    """Solve one of the cases."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            CASES[task.case](Path(folder), calls_folder())
        except FileNotFoundError as error:
            return {"status": "missing", "why": str(error)}
        return run_folder(Path(folder), task)


BENCHMARK = Benchmark(
    name="real",
    about="two real call histories, forecast and rostered for two weeks",
    cases=lambda data: tuple(CASES),
    run=run,
    table=table,
    short=2,
    headline=mean_gap,
)
