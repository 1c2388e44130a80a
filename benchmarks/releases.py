"""What each release is remembered by: the headlines of its benchmarks."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.keep import commit, read_rows, write_rows
from benchmarks.protocol import in_protocol
from benchmarks.registry import NAMES, Row, benchmark
from benchmarks.tables import markdown


def add_release(release: str, results: Path, data: Path | None = None) -> None:
    """Keep the headlines of the protocol's rows under a release, in place of its own.

    Parameters
    ----------
    release
        Its version.
    results
        Folder of the rows; ``releases.csv`` there gets a row a figure.
    data
        Folder of the published instances.
    """
    made = {"release": release, "date": f"{datetime.now(tz=UTC):%Y-%m-%d}"}
    made["commit"] = commit()
    path = results / "releases.csv"
    rows = [row for row in read_rows(path) if row["release"] != release]
    for name in NAMES:
        of = benchmark(name)
        known = [
            row
            for row in read_rows(results / f"{name}.csv")
            if in_protocol(of, row, data)
        ]
        for figure, value in of.headline(known).items():
            rows.append(made | {"benchmark": name, "figure": figure, "value": value})
    write_rows(path, rows)


def release_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a row a release, a column a figure.

    Examples
    --------
    >>> row = {"release": "0.1.0", "date": "2026-11-22", "commit": "1234567"}
    >>> row |= {"benchmark": "demo", "figure": "gap", "value": "0.0557"}
    >>> print(release_table([row]).splitlines()[2])
    | 0.1.0 | 2026-11-22 | 1234567 | 5.6% |
    """
    figures = list(dict.fromkeys((row["benchmark"], row["figure"]) for row in rows))
    releases: dict[str, dict[tuple[str, str], Row]] = {}
    for row in rows:
        mine = releases.setdefault(row["release"], {})
        mine[row["benchmark"], row["figure"]] = dict(row)
    lines = []
    for release, mine in releases.items():
        one = next(iter(mine.values()))
        line = [release, one["date"], one["commit"]]
        lines.append(line + [_shown(figure[1], mine.get(figure)) for figure in figures])
    heads = [
        "release",
        "date",
        "commit",
        *(f"{name}: {what}" for name, what in figures),
    ]
    return markdown(heads, lines)


def _shown(figure: str, row: Row | None) -> str:
    if row is None:
        return ""
    value = float(row["value"])
    return f"{value:.1%}" if figure.startswith(("gap", "error")) else f"{value:,.4g}"
