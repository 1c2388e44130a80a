"""Make the pictures of README.md from two solves of the demo.

Run ``python docs/pictures.py`` in the checkout, after any change that moves rosters.
"""

import argparse
import tempfile
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt

import scheduler as sc

FOLDER = Path(__file__).parent
WEEK = range(7, 14)
DOTS_PER_INCH = 110


def main() -> None:
    """Solve the demo under both packs and draw cover and grids."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="for each solve")
    seconds = parser.parse_args().seconds
    mpl.use("agg")
    bank, six = (solved(pack, seconds) for pack in ("bank", "six-on-one-off"))
    ax = sc.plot_cover(bank, WEEK)
    ax.set_title("Required and on the phone, a week of the demo", loc="left")
    save(ax.figure, "cover")
    for name, roster, title in (
        ("grid-bank", bank, "Pack bank: contract hours in shifts of 8 h and 6 h 40"),
        ("grid-six", six, "Pack six-on-one-off: 40 h in six shifts of 6 h 40"),
    ):
        ax = sc.plot_grid(roster)
        ax.set_title(title, loc="left")
        save(ax.figure, name)


def solved(pack: str, seconds: float) -> sc.Roster:
    """Return the demo's roster under a pack; stop where it is not legal."""
    with tempfile.TemporaryDirectory() as folder:
        sc.write_demo_case(Path(folder), pack=pack)
        result = sc.solve(sc.read_case(folder).case, seconds=seconds)
    if result.roster is None or result.audit is None or result.audit.hard:
        raise SystemExit(f"{pack}: {result!r}; no picture is drawn of that.")
    print(f"{pack}: {result!r}")  # noqa: T201 - a script says what it did
    return result.roster


def save(figure: plt.Figure, name: str) -> None:
    """Write a picture beside this script, the same bytes for the same roster."""
    path = FOLDER / f"{name}.png"
    figure.savefig(path, dpi=DOTS_PER_INCH, metadata={"Software": None})
    plt.close(figure)


if __name__ == "__main__":
    main()
