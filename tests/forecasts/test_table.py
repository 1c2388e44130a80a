"""Tables as planners export them, and what is said when they cannot be read."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasts.problems import InputError
from forecasts.table import (
    Cells,
    Problems,
    Row,
    parse_clock_time,
    parse_day,
    parse_number,
    parse_stamp,
    parse_text,
    parse_whole,
    read_table,
    split_list,
    table_from_rows,
)

AGENTS = "agent,name\n00123,张伟\nNA,李娜\n"


def write(folder: Path, raw: str | bytes, name: str = "agents.csv") -> Path:
    path = folder / name
    path.write_bytes(raw if isinstance(raw, bytes) else raw.encode("utf-8"))
    return path


def refusal(path: Path, *required: str) -> tuple:
    """Return file, line, column, found and remedy of the only problem."""
    with pytest.raises(InputError) as caught:
        read_table(path, required or ("agent", "name"))
    (problem,) = caught.value.problems
    return problem.file, problem.line, problem.column, problem.found, problem.remedy


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        (AGENTS.encode(), "UTF-8"),
        (b"\xef\xbb\xbf" + AGENTS.encode(), "UTF-8 with byte order mark"),
        (AGENTS.encode("gb18030"), "GB18030"),
        (b"\xff\xfe" + AGENTS.encode("utf-16-le"), "UTF-16 LE"),
        (b"\xfe\xff" + AGENTS.encode("utf-16-be"), "UTF-16 BE"),
    ],
)
def test_every_encoding_in_use_reads_alike(tmp_path, raw, encoding):
    """The names are the same characters, and the encoding is reported."""
    table = read_table(write(tmp_path, raw), ["agent", "name"])
    assert table.encoding == encoding
    assert table.columns == ("agent", "name")
    assert [row.cells["name"] for row in table.rows] == ["张伟", "李娜"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "\uff0c"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_separator_and_line_ends_are_found_from_the_header(tmp_path, delimiter, ending):
    """Comma, semicolon, tab or full-width comma; any line ending."""
    text = AGENTS.replace(",", delimiter).replace("\n", ending).rstrip()
    table = read_table(write(tmp_path, text), ["agent", "name"])
    assert [(row.line, row.cells["agent"]) for row in table.rows] == [
        (2, "00123"),
        (3, "NA"),
    ]


def test_cells_stay_text_and_are_trimmed(tmp_path):
    """Ids that look like numbers survive; spaces of any width around them go."""
    path = write(tmp_path, "agent , name\n 1e5,\u00a0TRUE\u3000\n")
    assert read_table(path, ["agent", "name"]).rows[0].cells == {
        "agent": "1e5",
        "name": "TRUE",
    }


def test_lines_are_physical_lines(tmp_path):
    """Blank lines and line breaks inside quotes count, as an editor counts them."""
    path = write(tmp_path, '\nagent,name\nA1,"a\nb"\n\nA2,c\n,\nA3,d\n')
    assert [row.line for row in read_table(path, ["agent"], ["name"]).rows] == [3, 6, 8]


def test_unknown_column_is_a_warning_with_the_nearest_name(tmp_path):
    """It is ignored, not fatal."""
    table = read_table(write(tmp_path, "agent,tem\nA1,x\n"), ["agent"], ["team"])
    assert table.warnings == (
        'agents.csv:1: column "tem" is not known and is ignored. Did you mean "team"?',
    )


def test_missing_column_names_the_nearest_header(tmp_path):
    """A misspelt header is told apart from an absent one."""
    path = write(tmp_path, "agent,nmae\nA1,x\n")
    assert refusal(path) == (
        "agents.csv",
        1,
        "name",
        "nmae",
        'Did you mean "nmae"? Rename it to "name".',
    )
    path = write(tmp_path, "agent,x\nA1,x\n")
    assert refusal(path)[2:4] == ("name", "no such column among agent, x")


def test_title_above_the_header_is_recognised(tmp_path):
    """The message points at the line that looks like the header."""
    path = write(tmp_path, "Staff of March\n\nagent,name\nA1,x\n")
    with pytest.raises(InputError) as caught:
        read_table(path, ["agent", "name"])
    assert {problem.remedy for problem in caught.value.problems} == {
        "Line 3 looks like the header: remove the lines above it."
    }


@pytest.mark.parametrize(
    ("raw", "line", "found"),
    [
        (b"", None, "an empty file"),
        (b" \n\n", None, "blank lines only"),
        (b"agent,name\n\n", 1, "a header and nothing below it"),
        (b"agent,name\nA1\n", 2, "1 cells"),
        (b"agent,name\nA1,b,c\n", 2, "3 cells"),
        (b"agent,name\nA1,b\nA2,\0\n", 3, "a NUL byte"),
        (b"PK\x03\x04rest", None, "an Excel workbook or zip archive"),
        (b"\x1f\x8b\x08rest", None, "a gzip archive"),
        (b"\xd0\xcf\x11\xe0rest", None, "an old or encrypted Excel file"),
        (b"<html><table>", None, "a web page"),
        (b"agent,name\nA1," + b"x" * 140_000, 2, "field larger than field limit"),
        (b'agent,name\nA1,"open\nA2,b\n', 2, "unexpected end of data"),
        (b"agent,name\nA1,\x80\xff\n", 2, "bytes 80 FF 0A at byte 14"),
    ],
)
def test_what_is_no_table_is_named(tmp_path, raw, line, found):
    """Each fault of a file has its own words and, where it has one, its line."""
    place = refusal(write(tmp_path, raw))
    assert place[:2] == ("agents.csv", line)
    assert place[3].startswith(found)
    assert place[4].endswith(".")


def test_gbk_behind_a_utf8_mark_is_refused(tmp_path):
    """The mark is believed; line and byte of the contradiction are named."""
    raw = b"\xef\xbb\xbf" + AGENTS.encode("gbk")
    file, line, _, found, remedy = refusal(write(tmp_path, raw))
    assert (file, line) == ("agents.csv", 2)
    assert found == "bytes D5 C5 CE B0 at byte 20"
    assert remedy == "Save the file again as CSV UTF-8."


def test_two_encodings_in_one_file_are_refused_at_the_first_bad_line(tmp_path):
    """An export appended to another must not become mojibake."""
    raw = AGENTS.encode() + "A3,王芳\n".encode("gbk")
    assert refusal(write(tmp_path, raw))[:2] == ("agents.csv", 4)


def test_utf16_without_its_mark_is_guessed_aloud(tmp_path):
    """The remedy says what the file looks like."""
    path = write(tmp_path, "agent,name\nA1,b\n".encode("utf-16-le"))
    assert refusal(path)[4].startswith("It looks like UTF-16")


def test_a_file_that_is_not_there_is_a_problem_of_input(tmp_path):
    """No traceback for a file left out."""
    assert refusal(tmp_path / "pins.csv")[0::3] == ("pins.csv", "no such file")


def test_duplicate_header_is_refused(tmp_path):
    """Two columns of one name have no meaning."""
    path = write(tmp_path, "agent,name,agent\nA1,x,y\n")
    assert refusal(path)[2:4] == ("agent", "2 such columns")


def test_all_bad_rows_are_told_at_once(tmp_path):
    """One run shows every problem."""
    with pytest.raises(InputError) as caught:
        read_table(write(tmp_path, "agent,name\nA1\nA2,b\nA3\n"), ["agent", "name"])
    assert [problem.line for problem in caught.value.problems] == [2, 4]


def test_sheet_rows_read_as_file_rows():
    """A workbook sheet goes through the same checks."""
    table = table_from_rows(
        "case.xlsx!agents", ["agent", "name"], [(2, ["A1", " x "])], ["agent", "name"]
    )
    assert table.rows == (Row(2, {"agent": "A1", "name": "x"}),)


WHOLES = [("12", 12), (" 12 ", 12), ("\uff11\uff12", 12), ("-3", -3), ("007", 7)]
NOT_WHOLES = [
    "",
    "1_000",
    "1,234",
    "12.0",
    "1e3",
    "nan",
    "inf",
    "-",
    "١٢",
    "+5",
    "#REF!",
]


@pytest.mark.parametrize(("text", "value"), WHOLES)
def test_whole_numbers(text, value):
    """Spaces around and full-width digits are fine."""
    assert parse_whole(text) == value


@pytest.mark.parametrize("text", NOT_WHOLES)
def test_not_whole_numbers(text):
    """What a spreadsheet or a programmer might write is not taken for a count."""
    with pytest.raises(ValueError, match="a whole number"):
        parse_whole(text)


@pytest.mark.parametrize("text", ["nan", "inf", "1e400", "1,5", "1_0", "", "0x1"])
def test_not_numbers(text):
    """No infinity and no thousands separator gets in."""
    with pytest.raises(ValueError, match="a number"):
        parse_number(text)


@given(st.text(max_size=12))
@settings(max_examples=100, deadline=None)
def test_numbers_are_finite_whatever_is_typed(text):
    """A cell gives a finite number or a refusal, never anything else."""
    with suppress(ValueError):
        assert abs(parse_number(text)) < 1e16


@pytest.mark.parametrize(
    "text", ["2026/3/2", "03/04/2026", "2026-3-2", "20260302", "2026-W01-1", "46023"]
)
def test_dates_are_iso_only(text):
    """An ambiguous date is refused rather than guessed."""
    with pytest.raises(ValueError, match="2026-03-02"):
        parse_day(text)


@pytest.mark.parametrize("text", ["2027-02-29", "2026-04-31", "2026-13-01"])
def test_dates_exist(text):
    """The calendar is checked."""
    with pytest.raises(ValueError, match="that exists"):
        parse_day(text)


@pytest.mark.parametrize(
    "text", ["2026-03-02", "2026-03-02 8:30", "2026-W01-1T08:30", "2026-03-02T08:30Z"]
)
def test_stamps_have_one_form(text):
    """A day, a space or T, and a time of four digits."""
    with pytest.raises(ValueError, match="a local time such as"):
        parse_stamp(text)


@pytest.mark.parametrize(
    ("text", "minutes"), [("08:30", 510), ("8:30", 510), ("00:00", 0), ("23:59", 1439)]
)
def test_times_of_day(text, minutes):
    """Minutes after midnight."""
    assert parse_clock_time(text) == minutes


@pytest.mark.parametrize("text", ["24:00", "25:00", "12:60", "noon", "12"])
def test_not_times_of_day(text):
    """24:00 is the end of a span only."""
    with pytest.raises(ValueError, match="a time such as 08:30"):
        parse_clock_time(text)
    if text == "24:00":
        assert parse_clock_time(text, midnight=True) == 1440


@pytest.mark.parametrize("text", ["a\tb", "a\u202eb", "a\nb", "a\x07"])
def test_names_without_control_characters(text):
    """What could forge a line or turn the writing round is refused."""
    with pytest.raises(ValueError, match="without control characters"):
        parse_text(text)


def test_lists_drop_repeats_and_blanks():
    """Either semicolon separates."""
    assert split_list("cards; loans\uff1bcards;;") == ("cards", "loans")


def test_cells_record_where_and_what(tmp_path):
    """Each reader names file, line and column and suggests the nearest word."""
    problems = Problems()
    cells = Cells("leave.csv", problems)
    row = Row(4, {"kind": "anual", "first": "1/2/26", "skills": "loan;cards"})
    assert cells.word(row, "kind", ["annual", "sick"]) is None
    assert cells.day(row, "first") is None
    assert cells.words(row, "skills", ["loans", "cards"]) is None
    assert cells.whole(row, "level", default=None) is None
    assert cells.text(row, "agent") is None
    assert [(p.line, p.column, p.remedy) for p in problems] == [
        (4, "kind", 'Did you mean "annual"?'),
        (4, "first", "Write dates as year-month-day."),
        (4, "skills", 'Did you mean "loans"?'),
        (4, "agent", "Type the cell again."),
    ]


def test_repeated_keys_name_both_lines():
    """An agent entered twice is found at the second place, naming the first."""
    problems = Problems()
    rows = [Row(2, {"agent": "A1"}), Row(3, {"agent": "A2"}), Row(9, {"agent": "A1"})]
    Cells("agents.csv", problems).unique(rows, "agent")
    (problem,) = problems
    assert (problem.line, problem.expected) == (9, "each agent once (also on line 2)")


def test_problems_come_in_file_and_line_order():
    """Files in the order met, lines from the top."""
    problems = Problems()
    for file, line in (("a", 9), ("b", 1), ("a", 2), ("a", None)):
        problems.add(file=file, line=line, found="", expected="x", remedy="Y.")
    with pytest.raises(InputError) as caught:
        problems.raise_if_any()
    assert [(p.file, p.line) for p in caught.value.problems] == [
        ("a", None),
        ("a", 2),
        ("a", 9),
        ("b", 1),
    ]
