"""The workbook: the coloured grid planners know, a long form, and the audit."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import xlsxwriter

from constraints.case import CLASSES, OFF, Case, Shift
from constraints.roster import Roster
from constraints.rule import Audit
from scheduler.files.read import Plan
from scheduler.files.write import ROSTER, roster_rows
from scheduler.report import palette
from scheduler.report.cover import SHORT, foot
from scheduler.report.labels import day_kind, found_on, in_order, times
from scheduler.report.words import (
    capital,
    say,
    spoken,
    unit_word,
    weekday,
)
from scheduler.result import Result
from scheduler.summary import kpi

AUDIT = ("rule", "severity", "agent", "date", "amount", "unit", "cost", "sentence")
LONG_WIDTHS = (10, 12, 9, 16, 27, 27, 14, 18)
AUDIT_WIDTHS = (20, 10, 12, 18, 9, 10, 9, 90)
FIRST_DAY = 2
LONGEST_TEXT = 32_767
FONT = "Calibri"
TINTS = {"": "#ffffff", "we": palette.WEEKEND, "ho": palette.HOLIDAY}
SUMS = ("paid_hours", "nights", "weekends", "leave_days")
Format = Any


def write_workbook(path: Path, plan: Plan, result: Result) -> None:
    """Write grid, long form and audit as a workbook.

    Parameters
    ----------
    path
        File to write, ending in ``.xlsx``.
    plan
        The case as it was handed in.
    result
        What the solve gave back; without a roster the sheets have their heads only.

    Notes
    -----
    The sheet ``grid`` can be edited and read back: row 1 holds ``agent``, ``name`` and
    real dates, each row below it a person, each cell a shift code, ``leave:<kind>`` or
    nothing. Rows without an agent are the foot; shift codes of the legend stand in the
    column ``name``, so that no reader takes them for work. Every text is
    written as text, so a name that looks like a formula stays a name. The same result
    gives the same bytes.
    """
    with xlsxwriter.Workbook(str(path)) as book:
        stamp = plan.case.clock.local(0).astimezone(UTC).replace(tzinfo=None)
        book.set_properties({"title": plain(plan.case.name), "created": stamp})
        book.set_calc_mode("auto")
        roster = result.roster or Roster.empty(plan.case)
        audit = result.audit or Audit((), (), 0)
        _Grid(book, roster, audit).write()
        _write_long(book, roster)
        _write_audit(book, plan.case, audit)


def plain(text: str) -> str:
    r"""Return a text that a cell can hold: no control signs, and not too long.

    Examples
    --------
    >>> plain("Li\x00 Na\r\n"), len(plain("x" * 40_000))
    ('Li  Na  ', 32767)
    """
    clean = re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", text)
    return clean[:LONGEST_TEXT]


class _Grid:
    """Writes the sheet ``grid``."""

    def __init__(self, book: Any, roster: Roster, audit: Audit) -> None:
        self.book, self.roster, self.case = book, roster, roster.case
        self.sheet = book.add_worksheet("grid")
        self.lang = roster.case.language
        self.figures = kpi(roster, audit)["agents"]
        self.sums = FIRST_DAY + self.case.days
        self.formats: dict[tuple[tuple[str, object], ...], Format] = {}
        self.fills = palette.shift_fills(self.case)

    def write(self) -> None:
        """Write head, people, foot and legend, and set up the print."""
        self._head()
        for number in range(len(self.case.agents)):
            self._person(number)
        last = self._legend(self._foot(len(self.case.agents) + 2) + 2)
        self._columns()
        self._print(last)

    def style(self, **wanted: object) -> Format:
        """Return a format, made once."""
        key = tuple(sorted(wanted.items()))
        if key not in self.formats:
            base = {"font_name": FONT, "font_size": 9, "valign": "vcenter"}
            self.formats[key] = self.book.add_format(base | wanted)
        return self.formats[key]

    def text(self, row: int, column: int, text: str, style: Format) -> None:
        """Write a text as text, whatever it looks like."""
        self.sheet.write_string(row, column, plain(text), style)

    # -- head --------------------------------------------------------------------------
    def _head(self) -> None:
        left = {
            "bold": True,
            "bottom": 1,
            "bottom_color": palette.MUTED,
            "valign": "bottom",
        }
        self.text(0, 0, "agent", self.style(**left))
        self.text(0, 1, "name", self.style(**left))
        for day in range(self.case.days):
            on = self.case.clock.date(day)
            style = self.style(
                **left,
                rotation=90,
                align="center",
                bg_color=TINTS[day_kind(self.case, day)],
                num_format=f'yyyy-mm-dd  "{weekday(on, self.lang)}"',
            )
            midnight = datetime.combine(on, time.min)
            self.sheet.write_datetime(0, FIRST_DAY + day, midnight, style)
        for place, key in enumerate(SUMS):
            label = capital(say(key, self.lang))
            style = self.style(**left, align="right", text_wrap=True)
            self.text(0, self.sums + place, label, style)
        self.sheet.set_row(0, 84)

    # -- people ------------------------------------------------------------------------
    def _person(self, number: int) -> None:
        agent, row = self.case.agents[number], number + 1
        edge = {"bottom": 7, "bottom_color": palette.LINE}
        self.text(row, 0, agent.id, self.style(bold=True, **edge))
        self.text(row, 1, agent.name, self.style(**edge))
        for day in range(self.case.days):
            self._cell(row, FIRST_DAY + day, number, day)
        sums = self.figures[agent.id]
        for place, key in enumerate(SUMS):
            pattern = "0.0" if key == "paid_hours" else "0"
            style = self.style(num_format=pattern, align="right", **edge)
            self.sheet.write_number(row, self.sums + place, sums[key], style)

    def _cell(self, row: int, column: int, agent: int, day: int) -> None:
        shift = int(self.roster.table[agent, day])
        kind = self.case.leave_kinds.get((agent, day))
        edge = {"border": 1, "border_color": palette.LINE, "align": "center"}
        if shift != OFF:
            fill = self.fills[shift]
            style = self.style(bg_color=fill.background, font_color=fill.ink, **edge)
            self.text(row, column, self.case.shifts[shift].code, style)
        elif kind is not None:
            self.text(row, column, f"leave:{kind}", self._leave_style(edge))
        else:
            tint = TINTS[day_kind(self.case, day)]
            self.sheet.write_blank(row, column, None, self.style(bg_color=tint, **edge))

    def _leave_style(self, edge: dict[str, Any]) -> Format:
        """Return grey hatching; the text is cut where its cell ends."""
        return self.style(
            **edge | {"align": "fill"},
            pattern=14,
            bg_color=palette.LEAVE,
            fg_color=palette.LEAVE_LINE,
            font_size=7,
            font_color=palette.INK,
        )

    # -- foot --------------------------------------------------------------------------
    def _foot(self, first: int) -> int:
        """Write hours and people of each day; return the row after them."""
        row = first
        for place, (key, numbers) in enumerate(foot(self.roster).items()):
            row, worth = first + place, numbers.tolist()
            ink = palette.SHORT if key in SHORT else palette.INK
            top = {"top": 1, "top_color": palette.MUTED} if place == 0 else {}
            label = self.style(bold=True, font_color=ink, **top)
            self.sheet.write_blank(row, 0, None, label)
            self.text(row, 1, capital(say(key, self.lang)), label)
            number = self.style(
                font_color=ink,
                num_format='[=0]"";General',
                align="center",
                font_size=8,
                shrink=True,
                **top,
            )
            for day, each in enumerate(worth):
                self.sheet.write_number(row, FIRST_DAY + day, each, number)
            total = self.style(font_color=ink, num_format="#,##0", align="right", **top)
            self.sheet.write_number(row, self.sums, sum(worth), total)
        return row + 1

    def _legend(self, first: int) -> int:
        """Write the legend below the foot; return its last row."""
        self.text(first, 1, say("legend", self.lang), self.style(bold=True))
        row = first
        for name in CLASSES:
            for number in self.case.of_class(name).tolist():
                row += 1
                fill = self.fills[number]
                style = self.style(
                    bg_color=fill.background, font_color=fill.ink, align="center"
                )
                self.text(row, 1, self.case.shifts[number].code, style)
                note = _note(self.case.shifts[number], self.lang)
                self.text(row, FIRST_DAY, note, self.style(indent=1))
        edge = {"border": 1, "border_color": palette.LINE, "align": "center"}
        self.sheet.write_blank(row + 1, 1, None, self._leave_style(edge))
        self.text(row + 1, FIRST_DAY, say("leave", self.lang), self.style(indent=1))
        return row + 1

    # -- sheet -------------------------------------------------------------------------
    def _columns(self) -> None:
        case = self.case
        self.sheet.set_column(0, 0, _width((a.id for a in case.agents), 6, 16))
        labels = [capital(say(key, self.lang)) for key in foot(self.roster)]
        names = [*(agent.name for agent in case.agents), *labels]
        self.sheet.set_column(1, 1, _width(names, 8, 26))
        codes = _width((shift.code for shift in case.shifts), 4.3, 12)
        self.sheet.set_column(FIRST_DAY, self.sums - 1, codes)
        self.sheet.set_column(self.sums, self.sums + len(SUMS) - 1, 9)
        self.sheet.freeze_panes(1, FIRST_DAY)
        self.sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})

    def _print(self, last: int) -> None:
        self.sheet.hide_gridlines(2)
        self.sheet.set_landscape()
        self.sheet.set_paper(9)
        self.sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.5)
        self.sheet.fit_to_pages(1, 0)
        self.sheet.repeat_rows(0)
        self.sheet.print_area(0, 0, last, self.sums + len(SUMS) - 1)
        self.sheet.set_footer("&L&8&A&R&8&P / &N")


def _note(shift: Shift, lang: str) -> str:
    label = "" if shift.label in ("", shift.code) else f" · {shift.label}"
    return f"{times(shift)} · {say(shift.shift_class, lang)}{label}"


def _width(texts: Iterable[str], least: float, most: float) -> float:
    """Return a column's width in characters; a Chinese one counts twice."""
    longest = max(
        (sum(1 + (ord(sign) > 0x2E80) for sign in text) for text in texts), default=0
    )
    return min(most, max(least, 1.05 * longest + 1.2))


# -- lists ----------------------------------------------------------------------------


def _write_long(book: Any, roster: Roster) -> None:
    _write_list(book, "long", ROSTER, roster_rows(roster), LONG_WIDTHS)


def _write_audit(book: Any, case: Case, audit: Audit) -> None:
    heads = [capital(say(key, case.language)) for key in AUDIT]
    rows = (
        (
            found.rule,
            say(found.severity, case.language),
            "" if found.where.agent is None else case.agents[found.where.agent].id,
            found_on(case, found),
            found.amount,
            unit_word(found.unit, case.language),
            found.cost,
            spoken(found.text, case.language),
        )
        for found in in_order(audit.violations)
    )
    _write_list(book, "audit", heads, rows, AUDIT_WIDTHS)


def _write_list(
    book: Any,
    name: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[object]],
    widths: Sequence[float],
) -> None:
    """Write one table as a sheet: heads in row 1, filter, frozen, printed landscape."""
    sheet = book.add_worksheet(name)
    head = book.add_format(
        {
            "bold": True,
            "bottom": 1,
            "font_name": FONT,
            "font_size": 10,
            "bg_color": palette.WEEKEND,
            "indent": 1,
        }
    )
    common = {"font_name": FONT, "font_size": 10, "valign": "top"}
    number = book.add_format(common)
    cell = book.add_format(common | {"align": "left", "indent": 1})
    for column, (label, width) in enumerate(zip(heads, widths, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, label, head)
    last = 0
    for last, row in enumerate(rows, start=1):
        for column, content in enumerate(row):
            if isinstance(content, int | float):
                sheet.write_number(last, column, content, number)
            elif content != "":
                sheet.write_string(last, column, plain(str(content)), cell)
    sheet.autofilter(0, 0, max(1, last), len(heads) - 1)
    sheet.freeze_panes(1, 0)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
