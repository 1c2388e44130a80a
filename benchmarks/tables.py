"""How rows look in Markdown, on the page of benchmarks and in a terminal."""

from collections.abc import Container, Iterable, Mapping
from statistics import fmean, median
from typing import Any

SHOWN = (
    "case",
    "people",
    "days",
    "seed",
    "seconds",
    "status",
    "cost",
    "bound",
    "gap",
    "hard",
    "short_hours",
    "over_hours",
    "service_level",
    "legal_after",
)
"""Columns of the tables; the files have more."""
SHARES = {"gap": 1, "service_level": 1, "over_best": 2, "bound_under_best": 2}
"""Columns of shares, and the decimals that their percentages have in tables."""

OURS = "engine"
"""What we are called among methods."""


def table(rows: Iterable[Mapping[str, Any]], columns: Iterable[str] = SHOWN) -> str:
    """Return some columns of rows as a Markdown table.

    Examples
    --------
    >>> print(table([{"case": "demo", "cost": "4120", "gap": "0.031"}]).splitlines()[2])
    | demo |  |  |  |  |  | 4,120 |  | 3.1% |  |  |  |  |  |
    >>> print(table([{"case": "1_7_10_1"}], ["case"]).splitlines()[2])
    | 1_7_10_1 |
    """
    columns = list(columns)
    return markdown(
        [name.replace("_", " ") for name in columns],
        ([_shown(name, row.get(name, "")) for name in columns] for row in rows),
    )


def markdown(heads: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table."""
    heads = list(heads)
    every = [heads, ["---"] * len(heads), *lines]
    return "".join(f"| {' | '.join(line)} |\n" for line in every)


def _shown(name: str, value: object) -> str:
    text = "" if value is None else str(value)
    if name == "case":
        return text
    if name in SHARES and text not in ("", "None"):
        return f"{float(text):.{SHARES[name]}%}"
    if name == "seconds" and text:
        return f"{float(text):,g}"
    if text.lstrip("-").isdigit():
        return f"{int(text):,}"
    try:
        return f"{float(text):,.{2 if name == 'elapsed' else 1}f}"
    except ValueError:
        return "" if text == "None" else text


def mean_gap(rows: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Return the mean gap of rows with a roster, as a headline."""
    gaps = [float(row["gap"]) for row in rows if row.get("gap")]
    return {"gap": round(fmean(gaps), 4)} if gaps else {}


def how_many(
    rows: Iterable[Mapping[str, Any]], figure: str, statuses: Container[str]
) -> dict[str, float]:
    """Return how many rows have one of some statuses, as a headline of a name.

    Examples
    --------
    >>> how_many([{"status": "optimal"}, {"status": "feasible"}], "proved", ["optimal"])
    {'proved': 1.0}
    """
    found = [row.get("status") in statuses for row in rows]
    return {figure: float(sum(found))} if found else {}


def median_cost(
    rows: Iterable[Mapping[str, Any]], case: str, method: str
) -> float | None:
    """Return the median cost of a method's rosters on a case; None without any."""
    known = [
        float(row["cost"])
        for row in rows
        if (row["case"], row["method"]) == (case, method) and row.get("cost")
    ]
    return median(known) if known else None


def place_table(
    text: str, name: str, rows: Iterable[Mapping[str, Any]], shown: str
) -> str:
    """Return the text of a page with one benchmark's table and its origin replaced.

    Parameters
    ----------
    text
        Holds the marks ``<!-- name -->`` and ``<!-- end of name -->``.
    name, rows, shown
        The benchmark, its runs and their table.
    """
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, found, rest = text.partition(begin)
    if not found or end not in rest:
        return text
    after = rest.partition(end)[2]
    return f"{before}{begin}{shown}{_origin(rows)}{end}{after}"


def _origin(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return where rows were made, in one line."""
    commits: dict[str, dict[str, None]] = {}
    for row in rows:
        if row.get("ortools"):
            where = (
                f"ortools {row['ortools']}, Python {row['python']}, "
                f"{row['cores']} cores ({row['machine']})"
            )
            commits.setdefault(where, {})[row["commit"]] = None
    places = [f"Commit {', '.join(of)}, {where}." for where, of in commits.items()]
    return f"\n{' '.join(places)}\n" if places else ""
