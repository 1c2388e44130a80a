"""A case in: every encoding and form, and every mistake in one line of its own."""

import shutil
from datetime import date

import numpy as np
import openpyxl
import pytest

from constraints.case import OFF, OPEN
from forecasts.problems import InputError
from scheduler.cli import run
from scheduler.demo import write_demo_case
from scheduler.files.read import read_case
from scheduler.files.template import write_template

TABLES = ("agents", "shifts", "leave", "requests", "pins", "limits", "calls")


@pytest.fixture
def folder(tmp_path):
    """The commented case of ``roster init``."""
    write_template(tmp_path / "case")
    return tmp_path / "case"


def replace(folder, name, old, new):
    """Change one place of one file."""
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")


def add(folder, name, line):
    """Add a line at the end of a file and return its number."""
    text = (folder / name).read_text(encoding="utf-8")
    (folder / name).write_text(f"{text}{line}\n", encoding="utf-8")
    return text.count("\n") + 1


def problems_of(folder):
    """Return what is wrong with a case."""
    with pytest.raises(InputError) as caught:
        read_case(folder)
    return caught.value.problems


def snapshot(folder):
    """Return every file below a folder with its bytes."""
    return {p: p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


# -- what every mistake gives ---------------------------------------------------------


def negative_calls(folder):
    """Calls below zero."""
    replace(folder, "calls.csv", "2026-02-16 08:00,", "2026-02-16 08:00,-")
    return 'calls.csv:2: column "offered": found "-'


def off_the_grid(folder):
    """A time between two intervals."""
    replace(folder, "calls.csv", "2026-02-16 08:30", "2026-02-16 08:37")
    return 'calls.csv:3: column "timestamp": found "2026-02-16 08:37'


def duplicate_agent(folder):
    """One id twice."""
    line = add(folder, "agents.csv", "A1,张伟,B,40,,,,")
    return f'agents.csv:{line}: column "agent": found "A1"'


def leave_of_a_stranger(folder):
    """Leave of nobody we know."""
    line = add(folder, "leave.csv", "A99,2026-03-10,2026-03-12,sick,")
    return f'leave.csv:{line}: column "agent": found "A99"'


def leave_backwards(folder):
    """Leave that ends before it starts."""
    line = add(folder, "leave.csv", "A3,2026-03-12,2026-03-10,sick,")
    return f'leave.csv:{line}: column "last": found "2026-03-10"'


def unknown_shift_pinned(folder):
    """A pin to a shift that does not exist."""
    line = add(folder, "pins.csv", "A3,2026-03-12,E9")
    return f'pins.csv:{line}: column "shift": found "E9"'


def shift_without_length(folder):
    """A shift that ends at its start."""
    line = add(folder, "shifts.csv", "X1,day,08:00,08:00,Nothing,")
    return f'shifts.csv:{line}: column "end": found "08:00"'


def unknown_key(folder):
    """A key that is not known, with the nearest one that is."""
    replace(folder, "case.toml", "threshold_seconds", "treshold_seconds")
    return 'case.toml:21: column "service.treshold_seconds"'


def certain_service(folder):
    """All calls within the threshold cannot be promised."""
    replace(folder, "case.toml", "target = 0.90", "target = 1.0")
    return 'case.toml:22: column "service.target": found "1.0"'


def gbk_behind_a_mark(folder):
    """A byte order mark that promises UTF-8 before GBK bytes."""
    text = (folder / "agents.csv").read_text(encoding="utf-8")
    (folder / "agents.csv").write_bytes(b"\xef\xbb\xbf" + text.encode("gbk"))
    return "agents.csv:2: found "


def missing_column(folder):
    """A column that must be there is not."""
    replace(folder, "shifts.csv", "shift,class,", "shift,group,")
    add(folder, "pins.csv", "A3,2026-03-12,E1")
    return 'shifts.csv:1: column "class"'


def empty_file(folder):
    """A file without a byte."""
    (folder / "leave.csv").write_bytes(b"")
    return "leave.csv: found "


MISTAKES = (
    negative_calls,
    off_the_grid,
    duplicate_agent,
    leave_of_a_stranger,
    leave_backwards,
    unknown_shift_pinned,
    shift_without_length,
    unknown_key,
    certain_service,
    gbk_behind_a_mark,
    missing_column,
    empty_file,
)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.__name__)
def test_a_mistake_is_one_line_and_nothing_is_written(mistake, folder, capsys):
    """Exit 3; file, line and column; what was expected; what to do; no file touched."""
    begins = mistake(folder)
    before = snapshot(folder.parent)
    assert run(["solve", str(folder)]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith(begins)
    assert ", expected " in err
    assert err.rstrip().endswith((".", "?"))
    assert snapshot(folder.parent) == before


def test_all_mistakes_of_all_files_come_together(folder):
    """A planner repairs everything in one go."""
    wanted = [mistake(folder) for mistake in MISTAKES[2:9]]
    found = [str(problem) for problem in problems_of(folder)]
    assert len(found) == len(wanted)
    for begins in wanted:
        assert any(line.startswith(begins) for line in found), begins


@pytest.mark.parametrize(
    ("name", "line", "column", "hint"),
    [
        ("agents.csv", "A11,Li,A,0,,,,", "hours_per_week", "above 0"),
        ("agents.csv", "A11,Li,A,40,late,,,", "classes", "day, evening, night"),
        ("agents.csv", "A11,Li,A,40,,leder,,", "roles", '"leader"'),
        ("agents.csv", "A11,Li,A,40,,,2026-03-09,2026-03-02", "left", "on or after"),
        ("shifts.csv", "E1,day,10:00,12:00,,", "shift", "on line 2"),
        ("shifts.csv", "X1,noon,10:00,12:00,,", "class", "day, evening, night"),
        ("shifts.csv", "-,day,10:00,12:00,,", "shift", "other than -"),
        ("shifts.csv", "X1,day,10:00,25:00,,", "end", "08:30"),
        ("leave.csv", "A2,2026-03-12,2026-03-14,sick,", "first", "line 2"),
        ("leave.csv", "A3,2026-03-12,2026-03-14,anual,", "kind", '"annual"'),
        ("leave.csv", "A3,2026-03-12,2026-03-14,sick,asked", "status", "requested"),
        ("requests.csv", "A3,2026-03-14,off,,101", "weight", "1 to 100"),
        ("requests.csv", "A3,2026-03-14,of,,5", "kind", '"off"'),
        ("requests.csv", "A3,2026-03-14,shift,E7,5", "value", "shifts.csv"),
        ("requests.csv", "A3,2026-03-14,off,E1,5", "value", "nothing"),
        ("pins.csv", "A7,2026-03-08,E1", "agent", "line 2"),
        ("pins.csv", "A2,2026-03-11,E1", "shift", "leave.csv:2"),
        ("pins.csv", "A3,2026-04-30,E1", "date", "2026-03-29"),
        ("limits.csv", "A3,sequence.runs,most_days,5", "rule", '"sequence.run"'),
        ("limits.csv", "A3,sequence.run,days,5", "parameter", "most_days"),
        ("limits.csv", "A3,sequence.run,most_days,4.5", "value", "whole number"),
        ("calendar.csv", "2026-03-09,fest,Party,1.1", "kind", "event"),
    ],
)
def test_a_cell_that_cannot_be(folder, name, line, column, hint):
    """Each is one problem at the line added, with a hint."""
    number = add(folder, name, line)
    (problem,) = problems_of(folder)
    assert (problem.file, problem.line, problem.column) == (name, number, column)
    assert hint in f"{problem.expected} {problem.remedy}"


@pytest.mark.parametrize(
    ("old", "new", "column", "hint"),
    [
        ("schema = 1", "schema = 2", "schema", "schema 1 only"),
        ('"Asia/Shanghai"', '"Asia/Shangai"', "time_zone", "Asia/Shanghai"),
        (
            "interval_minutes = 30",
            "interval_minutes = 45",
            "horizon.interval_minutes",
            "",
        ),
        ("shrinkage = 0.10", "shrinkage = 1.0", "service.shrinkage", "below 1"),
        ("days = 28", 'days = "28"', "horizon.days", "whole number"),
        ('"08:00-20:00"', '"08:00-08:00"', "service.hours", "after they start"),
        ('"08:00-20:00"', '{mo = "08:00-20:00"}', "service.hours.mo", "weekdays"),
        ('country = "CN"', 'country = "ZZ"', "forecast.country", "two-letter"),
        ('pack = "bank"', 'pack = "bnk"', "rules.pack", "bank"),
        (
            "[solve]",
            '[rules."rest.dayly"]\nhours = 9\n[solve]',
            'rules."rest.dayly"',
            "",
        ),
        (
            "[solve]",
            '[rules."leave.limit"]\nscope = "town"\n[solve]',
            'rules."leave.limit"',
            'scope "centre" or "team"',
        ),
        ("[solve]", "[rules.sequence.run]\n[solve]", "rules.sequence", "sequence.run"),
        ("seed = 1", "seed = -1", "solve.seed", "2147483647"),
        ("first_day = 2026-03-02", "", "horizon.first_day", "no default"),
    ],
)
def test_a_setting_that_cannot_be(folder, old, new, column, hint):
    """Each is one problem that names the key and its line."""
    replace(folder, "case.toml", old, new)
    (problem,) = problems_of(folder)
    assert problem.column == column
    assert hint in f"{problem.expected} {problem.remedy}"
    if problem.file == "case.toml" and new and "country" not in old:
        line = (folder / "case.toml").read_text("utf-8").split("\n")[problem.line - 1]
        assert line in new or new in line


def test_settings_that_are_no_toml_name_their_line(folder):
    """A line without a value is told by its number."""
    replace(folder, "case.toml", 'week_start = "mon"', "week_start mon")
    (problem,) = problems_of(folder)
    assert (problem.file, problem.line) == ("case.toml", 12)
    assert problem.found == "week_start mon"


def test_a_case_without_any_demand_is_refused(folder):
    """Either the calls or the heads needed must be there."""
    (folder / "calls.csv").unlink()
    (problem,) = problems_of(folder)
    assert (problem.file, problem.found) == (
        "calls.csv",
        "neither calls nor requirement",
    )


# -- forms of the same case -----------------------------------------------------------


def same(one, other):
    """Assert that two plans are of the same case, whatever their files."""
    for name in ("agents", "shifts", "leave", "requests", "limits", "rules", "clock"):
        assert getattr(one.case, name) == getattr(other.case, name), name
    for name in ("history", "known", "past_leave", "pins"):
        assert np.array_equal(getattr(one.case, name), getattr(other.case, name)), name
    mine, theirs = one.case.requirement, other.case.requirement
    assert np.array_equal(mine.heads, theirs.heads)


@pytest.mark.parametrize(
    ("encoding", "delimiter"),
    [
        ("utf-8", ";"),
        ("utf-8-sig", ","),
        ("gb18030", ","),
        ("gb18030", "\t"),
        ("utf-16", "\t"),
    ],
)
def test_any_encoding_and_separator_reads_alike(folder, encoding, delimiter):
    """Names come out the same, and an unusual encoding is noted."""
    plain = read_case(folder)
    for name in TABLES:
        path = folder / f"{name}.csv"
        text = path.read_text(encoding="utf-8")
        if delimiter == ";":
            text = text.replace("day;evening", '"day;evening"')
        path.write_bytes(text.replace(",", delimiter).encode(encoding))
    read = read_case(folder)
    same(plain, read)
    noted = [note for note in read.notes if "agents.csv was read as" in note.en]
    assert len(noted) == (encoding in ("gb18030", "utf-16"))


def as_workbook(folder, path):
    """Write a case folder as a workbook, numbers and dates as such."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "case"
    for row in (
        ("schema", 1),
        ("name", "case"),
        ("time_zone", "Asia/Shanghai"),
        ("horizon.first_day", date(2026, 3, 2)),
        ("service.floor", "1"),
        ("service.hours", "08:00-20:00"),
        ('rules."sequence.run".most_days', "6"),
    ):
        sheet.append(row)
    for file in sorted(folder.glob("*.csv")):
        table = book.create_sheet(file.stem)
        for line in file.read_text(encoding="utf-8").splitlines():
            table.append([typed(cell) for cell in line.split(",")])
    book.save(path)


def typed(cell):
    """Return a cell as a spreadsheet would hold it."""
    for read in (int, float, date.fromisoformat):
        try:
            return read(cell)
        except ValueError:
            continue
    return cell or None


def test_a_workbook_reads_as_its_folder(folder, tmp_path):
    """The same tables as sheets give the same case."""
    as_workbook(folder, tmp_path / "case.xlsx")
    same(read_case(folder), read_case(tmp_path / "case.xlsx"))
    same(read_case(folder), read_case(tmp_path))  # a folder that holds the workbook


def test_a_workbook_names_sheet_and_line(folder, tmp_path):
    """Problems of a sheet read case.xlsx!agents:17."""
    add(folder, "leave.csv", "A99,2026-03-10,2026-03-12,sick,")
    as_workbook(folder, tmp_path / "case.xlsx")
    (problem,) = problems_of(tmp_path / "case.xlsx")
    assert str(problem).startswith('case.xlsx!leave:4: column "agent": found "A99"')


def test_a_formula_without_a_value_is_refused(folder, tmp_path):
    """Formulas are never computed here."""
    as_workbook(folder, tmp_path / "case.xlsx")
    book = openpyxl.load_workbook(tmp_path / "case.xlsx")
    book["agents"]["D2"] = "=20*2"
    book.save(tmp_path / "case.xlsx")
    (problem,) = problems_of(tmp_path / "case.xlsx")
    assert (problem.file, problem.line) == ("case.xlsx!agents", 2)
    assert (problem.column, problem.found) == ("D", "=20*2")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and nothing more", b"text"])
def test_a_damaged_workbook_is_an_input_problem(tmp_path, content):
    """No traceback of a parser reaches the planner."""
    (tmp_path / "case.xlsx").write_bytes(content)
    (problem,) = problems_of(tmp_path / "case.xlsx")
    assert problem.file == "case.xlsx"


def test_odd_ids_stay_text(folder):
    """Ids that look like numbers or nothing survive."""
    ids = ["00123", "NA", "1e5", "None", "TRUE"]
    for id in ids:
        add(folder, "agents.csv", f"{id},Same Name,A,40,,,,")
    assert [agent.id for agent in read_case(folder).case.agents[-5:]] == ids


def test_a_line_of_cleaning_csv_undoes_what_was_left_out(tmp_path, capsys):
    """Copied from out/ into the case, with another action; a mistake is told."""
    folder = tmp_path / "demo"
    write_demo_case(folder, people=24, days=7)
    assert run(["forecast", str(folder), "--quiet"]) == 0
    listed = folder / "out" / "cleaning.csv"
    text = listed.read_text(encoding="utf-8")
    assert ",drop,calls,outage," in text
    left_out = read_case(folder)
    shutil.copy(listed, folder / "cleaning.csv")
    replace(folder, "cleaning.csv", ",drop,", ",keep,")
    kept = read_case(folder)
    assert [one.action for one in kept.cleaned.oddities] == ["keep"]
    assert kept.forecast.calls.sum() < left_out.forecast.calls.sum()
    replace(folder, "cleaning.csv", ",keep,", ",erase,")
    (problem,) = problems_of(folder)
    assert str(problem).startswith('cleaning.csv:2: column "action": found "erase"')


def test_a_year_whose_moved_days_are_not_known_is_noted(folder):
    """China says each November which days of the next year are moved."""
    (folder / "pins.csv").unlink()
    replace(folder, "case.toml", "first_day = 2026-03-02", "first_day = 2090-03-06")
    notes = read_case(folder).notes
    (note,) = [note for note in notes if "moved" in note.en]
    assert "does not know yet which days of 2090 are moved" in note.en
    assert "2090 年的调休安排" in note.zh


def test_a_requirement_replaces_forecast_and_staffing(folder):
    """The heads given are taken as they are, and the forecast is empty."""
    given = read_case(folder).case.requirement
    frame = given.to_frame()[["timestamp", "queue"]].assign(required=7)
    frame.to_csv(folder / "requirement.csv", index=False)
    plan = read_case(folder)
    assert plan.forecast is None
    assert plan.case.forecast is None
    assert set(plan.case.requirement.heads[0]) == {7}
    replace(folder, "requirement.csv", "2026-03-02T09:00:00+08:00,calls,7\n", "")
    (problem,) = problems_of(folder)
    assert problem.found == "no line for 2026-03-02 09:00"


def test_a_requirement_without_calls_prices_no_service_level(folder, tmp_path):
    """With the calls the price is taken; without, the setting is refused."""
    setting = '[rules."coverage.need"]\nprice = "service-level"\n[solve]'
    replace(folder, "case.toml", "[solve]", setting)
    plan = read_case(folder)
    assert len(set(plan.case.rules[0].short_prices(plan.case).tolist())) > 5
    frame = plan.case.requirement.to_frame()
    frame.to_csv(folder / "requirement.csv", index=False)
    (problem,) = problems_of(folder)
    assert problem.column == 'rules."coverage.need".price'
    lines = (folder / "case.toml").read_text("utf-8").split("\n")
    assert lines[problem.line - 1] == 'price = "service-level"'
    assert "requirement.csv" in problem.expected
    as_workbook(folder, tmp_path / "case.xlsx")
    book = openpyxl.load_workbook(tmp_path / "case.xlsx")
    book["case"].append(('rules."coverage.need".price', "service-level"))
    book.save(tmp_path / "case.xlsx")
    (problem,) = problems_of(tmp_path / "case.xlsx")
    assert (problem.file, problem.line) == ("case.xlsx!case", 8)


# -- the past -------------------------------------------------------------------------


def test_history_is_the_days_before(folder):
    """As many days as the earliest row asks for; leave of a former roster included."""
    (folder / "history.csv").write_text(
        "agent,date,shift,class\n"
        "A1,2026-02-26,E1,day\n"
        "A1,2026-03-01,L1,evening\n"
        "A2,2026-02-27,,leave:sick\n"
        "A3,2025-02-27,E1,day\n"
    )
    case = read_case(folder).case
    assert case.past == 4
    assert case.history[0].tolist() == [0, OFF, OFF, 2]
    assert case.past_leave[1].tolist() == [False, True, False, False]
    assert case.known.tolist()[:4] == [True, True, False, False]
    assert case.has_yesterday


def test_history_on_the_first_day_is_refused(folder):
    """The past ends before the horizon begins."""
    (folder / "history.csv").write_text("agent,date,shift\nA1,2026-03-02,E1\n")
    (problem,) = problems_of(folder)
    assert (problem.file, problem.line, problem.column) == ("history.csv", 2, "date")


def test_an_open_end_of_protection_is_open(folder):
    """One empty cell of the two means without end."""
    replace(folder, "agents.csv", "joined,left", "joined,protected_from,protected_to")
    text = (
        (folder / "agents.csv")
        .read_text("utf-8")
        .replace(",2020-03-01,", ",,2026-03-05,")
    )
    lines = [line if line.count(",") == 8 else f"{line}," for line in text.splitlines()]
    (folder / "agents.csv").write_text("\n".join(lines), encoding="utf-8")
    case = read_case(folder).case
    assert case.agents[0].protected == (date(2026, 3, 5), date.max)
    assert case.may.shape == (9, 28, 4)


def test_notes_speak_both_languages(folder):
    """What is odd but no mistake is noted."""
    add(folder, "agents.csv", "A10,Gone,A,40,,,2020-01-01,2026-01-01")
    add(folder, "requests.csv", "A3,2027-03-14,off,,10")
    add(folder, "leave.csv", "A4,2027-03-10,2027-03-12,sick,")
    notes = read_case(folder).notes
    assert [note.en.split(":")[0].split(" lie")[0] for note in notes] == [
        "1 wishes",
        "Not employed on any day of the horizon",
        "1 lines of leave touch no day of the horizon.",
    ]
    assert all(note.zh != note.en for note in notes)


@pytest.mark.parametrize("pack", ["bank", "six-on-one-off"])
def test_the_demo_is_a_case_of_everything(tmp_path, pack):
    """An outage to note, one leave granted and one refused, calls that fit people."""
    write_demo_case(tmp_path, pack=pack)
    plan = read_case(tmp_path)
    case = plan.case
    (note,) = plan.notes
    assert note.en.startswith("Odd stretches of the call history left out: 1.")
    assert [lv.granted for lv in case.leave if lv.requested] == [False, True]
    assert (case.pins != OPEN).sum() >= 3
    assert case.known.all()
    assert sum(bool(agent.roles) for agent in case.agents) == 16
    hours = case.requirement.heads.sum() / 2
    contract = 4 * sum(agent.hours_per_week for agent in case.agents)
    assert 0.80 * contract < hours < 0.90 * contract


def test_the_same_seed_gives_the_same_demo(tmp_path):
    """A demo is no surprise."""
    for name in ("one", "two"):
        write_demo_case(tmp_path / name, people=24, days=7, seed=3)
    one, two = (
        {p.name: p.read_bytes() for p in (tmp_path / name).iterdir()}
        for name in ("one", "two")
    )
    assert one == two
    shutil.rmtree(tmp_path / "one")


def by_shift(folder, cover, rules='[rules."coverage.shift"]\n'):
    """Write a case whose shifts ask for people, without any calls."""
    folder.mkdir()
    toml = 'schema = 1\nname = "shifts"\ntime_zone = "UTC"\n'
    toml += "[horizon]\nfirst_day = 2026-03-02\ndays = 7\n"
    toml += f'[rules]\npack = "none"\n{rules}'
    for name, text in {
        "case.toml": toml,
        "agents.csv": "agent,name\na1,\na2,\n",
        "shifts.csv": "shift,class,start,end\nD,day,08:00,16:00\nN,night,22:00,06:00\n",
        "cover.csv": cover,
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_shifts_may_ask_for_people_without_any_calls(tmp_path):
    """cover.csv stands in for calls where no rule counts heads on the phone."""
    text = "date,shift,required\n2026-03-03,D,2\n2026-03-08,N,1\n"
    case = read_case(by_shift(tmp_path / "case", text)).case
    assert case.cover[1].tolist() == [2, -1]
    assert case.cover[6].tolist() == [-1, 1]
    assert (case.cover >= 0).sum() == 2


@pytest.mark.parametrize(
    ("cover", "rules", "told"),
    [
        ("2026-03-03,X,2", "", "cover.csv:2"),
        ("2026-03-30,D,2", "", "a date from 2026-03-02 to 2026-03-08"),
        ("2026-03-03,D,-2", "", "required"),
        ("2026-03-03,D,2\n2026-03-03,D,1", "", "cover.csv:3"),
        ("2026-03-03,D,2", '[rules."coverage.need"]\n', "neither calls nor"),
        (
            "2026-03-03,D,2",
            '[rules."sequence.forbidden"]\npairs = "N>E"\n',
            "a shift of shifts.csv",
        ),
        ("2026-03-03,D,2", '[rules."shifts.most"]\nmost = "E=2"\n', "case.toml:10"),
    ],
)
def test_what_shifts_ask_for_is_checked(tmp_path, cover, rules, told):
    """A line a problem, with its place; nothing is guessed."""
    with pytest.raises(InputError) as raised:
        read_case(by_shift(tmp_path / "case", f"date,shift,required\n{cover}\n", rules))
    assert told in str(raised.value)
