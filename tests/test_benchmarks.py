"""The registry: each benchmark runs, its rows are kept, and work repeats."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from benchmarks import sets
from benchmarks.__main__ import data_folder, main
from benchmarks.centre import write_centre
from benchmarks.instances import instances, keep_best
from benchmarks.instances import main as write_instances
from benchmarks.keep import OF_THE_MACHINE, hash_of, read_rows, write_rows
from benchmarks.lines import FileError, text_of
from benchmarks.one import run_apart
from benchmarks.peers import peer_table
from benchmarks.pictures import draw_peers, draw_releases, draw_traces
from benchmarks.protocol import Asked, is_sound, run
from benchmarks.registry import NAMES, Benchmark, Task, benchmark
from benchmarks.releases import add_release, release_table
from benchmarks.tables import place_table
from tests import FULL


def counted(runs, **row):
    """A benchmark of two cases that notes its runs, and whose rows can be told."""

    def note(task):
        runs.append(task)
        return {"status": "feasible", "cost": 7} | row

    return Benchmark("counted", "", lambda data: ("a", "b"), note, repr, seeds=(1, 2))


def smoke(name, results):
    """Run the smallest case of a benchmark, seconds counting work; return its rows."""
    of = benchmark(name)
    cases, (case, seconds) = of.cases(data_folder()), of.smoke
    words = [name, "--cases", case or cases[0], "--deterministic", "--seeds", "1"]
    words += ["--methods", of.methods[0], "--results", str(results)]
    code = main([*words, *(("--seconds", str(seconds)) if seconds else ())])
    return code, read_rows(results / f"{name}.csv")


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_gives_a_row(name, tmp_path):
    """The least of it, by our method, within a limit of work."""
    if not benchmark(name).cases(data_folder()):
        pytest.skip("the published instances are not there")
    code, rows = smoke(name, tmp_path)
    assert code == 0
    if rows[0].get("status") == "missing":
        pytest.skip(rows[0]["why"])
    assert {"case", "method", "seed", "commit", "machine"} <= set(rows[0])
    assert benchmark(name).table(rows) != benchmark(name).table([])


@pytest.mark.slow
@pytest.mark.parametrize("method", benchmark("peers").methods[1:])
def test_a_peer_gives_a_row(method, tmp_path):
    """A roster that evaluator and audit score alike, or why there is none."""
    words = ["peers", "--cases", "centre-24", "--methods", method, "--deterministic"]
    assert main([*words, "--seconds", "0.3", "--results", str(tmp_path)]) == 0
    row = read_rows(tmp_path / "peers.csv")[0]
    if method == "pyworkforce":
        assert (row["status"], row["why"]) == (
            "missing",
            "pyworkforce has no limit of work",
        )
    else:
        assert row["status"] in ("feasible", "heuristic", "unknown")
        assert row.get("cost") == row.get("cost_of_evaluator")


REPEATED = ("demo", "curtois", "matsp", "rws")
"""Benchmarks of case files that are repeated in every run of the tests."""


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES if FULL else REPEATED)
def test_work_repeats_but_for_time_and_memory(name, tmp_path):
    """The same CSV twice, but for the columns named in one place."""
    if not benchmark(name).cases(data_folder()):
        pytest.skip("the published instances are not there")
    twice = []
    for folder in ("first", "second"):
        code, rows = smoke(name, tmp_path / folder)
        assert code == 0
        twice.append(
            [{k: v for k, v in r.items() if k not in OF_THE_MACHINE} for r in rows]
        )
    assert twice[0] == twice[1]
    assert name not in REPEATED or {"status", "input"} <= set(twice[0][0])


def test_what_has_a_row_is_passed_over(tmp_path):
    """So that hours of runs can be broken off; fresh ones take the place of old."""
    runs = []
    of, asked = counted(runs), Asked(results=tmp_path)
    assert run(of, asked)
    assert [(task.case, task.seed) for task in runs] == [
        ("a", 1),
        ("a", 2),
        ("b", 1),
        ("b", 2),
    ]
    run(of, asked)
    assert len(runs) == 4
    run(of, replace(asked, seconds=5.0))
    assert len(runs) == 8
    run(of, replace(asked, fresh=True, cases=("b",), seeds=(2,)))
    assert len(runs) == 9
    assert len(read_rows(tmp_path / "counted.csv")) == 8


def test_a_row_is_kept_before_the_next_run(tmp_path):
    """What fails later, or is killed, takes nothing along."""
    runs = []

    def fail(task):
        if task.case == "b":
            raise RuntimeError("as planned")
        return counted(runs).run(task)

    of, asked = replace(counted(runs), run=fail), Asked(results=tmp_path)
    assert not run(of, asked)
    assert [row["case"] for row in read_rows(tmp_path / "counted.csv")] == ["a", "a"]
    assert run(counted(runs), asked)
    assert not run(of, replace(asked, fresh=True))  # though old rows stay
    assert len(read_rows(tmp_path / "counted.csv")) == 4


def test_a_commit_on_the_way_is_told(tmp_path, monkeypatch):
    """Which of the two made the row is not known."""
    commits = iter(["abc", "def", "abc+", "abc+", "abc+"])
    monkeypatch.setattr("benchmarks.protocol.commit", lambda: next(commits))
    monkeypatch.setattr("benchmarks.keep.commit", lambda: "of the row")
    for told in ("abc+", "of the row"):
        asked = Asked(results=tmp_path, cases=("a",), seeds=(1,), fresh=True)
        run(counted([]), asked)
        assert read_rows(tmp_path / "counted.csv")[0]["commit"] == told


@pytest.mark.parametrize("status", ["failed", "killed"])
def test_a_fresh_run_that_fails_is_told_and_replaces_nothing(tmp_path, capsys, status):
    """The row of before stays, but is not what this command found."""
    asked = Asked(results=tmp_path, cases=("a",), seeds=(1,))
    assert run(counted([]), asked)
    failing = counted([], status=status, cost="", why="as planned")
    capsys.readouterr()
    assert not run(failing, replace(asked, fresh=True))
    assert f"\n    status {status}, why as planned\n" in capsys.readouterr().out
    assert [row["cost"] for row in read_rows(tmp_path / "counted.csv")] == ["7"]
    assert run(failing, asked)
    assert "cost 7 (kept from before)" in capsys.readouterr().out


def test_rows_of_another_command_stay(tmp_path):
    """Two may run side by side, as long runs are spread over days."""
    runs, asked = [], Asked(results=tmp_path, cases=("a",), seeds=(1,))

    def among_others(task):
        run(counted(runs), replace(asked, cases=("b",)))
        return counted(runs).run(task)

    assert run(replace(counted(runs), run=among_others), asked)
    kept = [row["case"] for row in read_rows(tmp_path / "counted.csv")]
    assert kept == ["a", "b"]


def test_where_there_are_no_instances_it_is_said(tmp_path, capsys):
    """Those of all that are run are passed over; one that is named cannot be run."""
    none = tmp_path / "none"
    assert run(benchmark("curtois"), Asked(data=none, results=tmp_path))
    assert f"no instances in {none}; see --data" in capsys.readouterr().out
    for words in (["curtois"], ["demo", "rws", "--cases", "Example1"]):
        with pytest.raises(SystemExit) as ended:
            main([*words, "--data", str(none)])
        assert ended.value.code == 2
    assert f"curtois has no instances in {none}" in capsys.readouterr().err


def test_a_file_that_is_wrong_is_one_line(tmp_path, capsys):
    """And the command ends with 1."""
    folder = tmp_path / "rws"
    folder.mkdir()
    (folder / "Example1.txt").write_text("seven\n", encoding="utf-8")
    words = ["rws", "--data", str(tmp_path), "--results", str(tmp_path / "out")]
    assert main(words) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"{folder / 'Example1.txt'}, line 1: found 'seven'")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["demo", "--seconds", "nan"], "expected a number above 0, got 'nan'"),
        (["demo", "--seconds", "0"], "expected a number above 0, got '0'"),
        (["demo", "--seeds", "-3"], "expected a whole number from 0, got '-3'"),
        (["demo", "--results", __file__], "expected a folder, got the file"),
        (["demo", "--release", "1.0"], "Expected a release alone, got 'demo' besides."),
        (
            ["real", "--cases", ""],
            "real has no case ''; it has anonymous-bank",
        ),
        (
            ["forecast", "--cases", "seconds", "--methods", "prophet"],
            "forecast runs none of these methods on these cases.",
        ),
        ([], "Expected names of demo"),
    ],
)
def test_words_that_make_no_sense_are_refused(words, said, capsys):
    """Before anything is run."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_cases_that_are_named_are_run_in_the_short_protocol_too():
    """It is shorter in seconds and seeds then."""
    asked = Asked(short=True, cases=("centre-200", "centre-5000"))
    tasks = list(asked.tasks(benchmark("centre")))
    assert {(task.case, task.seed) for task in tasks if task.method == "engine"} == {
        ("centre-200", 1),
        ("centre-5000", 1),
    }


def test_why_a_run_apart_gave_nothing(tmp_path):
    """What fails is tried again another day; what was killed had its chance."""
    task = Task("nowhere", "greedy", 1, 1.0)
    row = run_apart(tmp_path / "nowhere", tmp_path / "out", task)
    assert (row["status"], row["why"]) == ("failed", "exit code 1")


def test_the_short_protocol_is_short():
    """All names together, at the most."""
    asked = Asked(short=True, data=data_folder())
    seconds = [task.seconds for name in NAMES for task in asked.tasks(benchmark(name))]
    assert sum(seconds) <= 25 * 60


def test_the_page_shows_what_was_done_before_a_run_was_broken_off(
    tmp_path, monkeypatch
):
    """And rows of the longer budget, but of no other, nor of other seeds."""
    page = tmp_path / "README.md"
    page.write_text("<!-- counted -->\n<!-- end of counted -->\n", encoding="utf-8")
    monkeypatch.setattr("benchmarks.protocol.RESULTS", tmp_path)
    monkeypatch.setattr("benchmarks.protocol.README", page)

    def stop(task):
        if task.case == "b":
            raise KeyboardInterrupt
        return counted([]).run(task)

    def shown(rows):
        return "".join(f"{row['case']} {row['seconds']}\n" for row in rows)

    of = replace(counted([]), run=stop, table=shown, longer=90.0)
    for seconds, seed in ((None, 1), (40.0, 1), (90.0, 1), (None, 3)):
        with pytest.raises(KeyboardInterrupt):
            run(of, Asked(results=tmp_path, seconds=seconds, seeds=(seed,)))
    assert "\na 60.0\na 90.0\n\n" in page.read_text(encoding="utf-8")


def test_what_is_missing_is_tried_again_and_replaces_nothing(tmp_path):
    """A peer may be installed between two runs."""
    runs = []
    asked = Asked(results=tmp_path, cases=("a",), seeds=(1,))
    assert run(counted(runs, status="missing", why="not here"), asked)
    run(counted(runs), asked)
    run(counted(runs, status="missing"), replace(asked, fresh=True))
    assert len(runs) == 3
    assert [row["status"] for row in read_rows(tmp_path / "counted.csv")] == [
        "feasible"
    ]


@pytest.mark.parametrize(
    ("row", "sound"),
    [
        ({"status": "feasible", "hard": "0", "cost": "7", "cost_of_files": "7"}, True),
        ({"status": "feasible", "hard": "1", "cost": "7", "cost_of_files": "7"}, False),
        ({"status": "feasible", "hard": "0", "cost": "7", "cost_of_files": "8"}, False),
        ({"status": "feasible", "hard": "0", "hard_of_evaluator": "9"}, False),
        ({"status": "feasible", "cost": "7", "bound": "8"}, False),
        ({"status": "feasible", "cost": "9", "bound": "8", "best_known": "7"}, False),
        ({"status": "feasible", "cost": "8", "bound": "8", "best_known": "8"}, True),
        ({"status": "unknown"}, False),
        ({"status": "failed"}, False),
        ({"status": "missing"}, True),
        ({"wape": "0.05"}, True),
    ],
)
def test_the_command_fails_where_a_roster_of_ours_is_wrong(row, sound):
    """Missing, illegal, costing something else in its files, or below a bound."""
    assert is_sound(row) == sound


def test_a_name_that_is_none_is_refused_with_those_there_are(capsys):
    """Names of benchmarks, cases and methods alike."""
    for words, told in (
        (["dmeo"], "Expected names of demo"),
        (["demo", "--cases", "x"], "demo has no case 'x'; it has demo bank"),
        (["demo", "--methods", "x"], "demo has no method 'x'; it has engine"),
    ):
        with pytest.raises(SystemExit):
            main(words)
        assert told in capsys.readouterr().err


def test_the_list_names_cases_and_budgets(capsys):
    """What there is to run, and how long a run takes."""
    assert main(["--list"]) == 0
    said = capsys.readouterr().out
    assert "    centre-5000, 600 s a run" in said
    assert "    demo bank, 60 s a run" in said


def test_a_release_keeps_the_headlines(tmp_path):
    """A figure a row; the same release again replaces its own."""
    rows = [
        {"case": "demo bank", "seconds": "60", "gap": "0.25"},
        {"case": "demo six-on-one-off", "seconds": "60.0", "gap": "0.15"},
        {"case": "demo bank", "seconds": "5", "gap": "0.95"},
        {"case": "demo bank", "seconds": "60", "seed": "2", "gap": "0.95"},
        {"case": "demo of a week", "seconds": "60", "gap": "0.95"},
    ]
    write_rows(tmp_path / "demo.csv", rows)
    for release in ("1.0", "1.1", "1.1"):
        add_release(release, tmp_path)
    kept = read_rows(tmp_path / "releases.csv")
    assert [(row["release"], row["value"]) for row in kept] == [
        ("1.0", "0.2"),
        ("1.1", "0.2"),
    ]
    assert release_table(kept).splitlines()[0].endswith("| commit | demo: gap |")


def test_a_table_is_replaced_between_its_marks():
    """And nothing else of the page."""
    page = "a\n<!-- demo -->\nold\n<!-- end of demo -->\nb\n"
    row = {"commit": "1", "ortools": "9", "python": "3", "cores": "2", "machine": "x"}
    shown = place_table(page, "demo", [row], "| new |\n")
    assert shown.startswith("a\n<!-- demo -->\n| new |\n\nCommit 1, ortools 9")
    assert shown.endswith("<!-- end of demo -->\nb\n")
    assert place_table(page, "real", [row], "| new |\n") == page


def test_pictures_of_gaps_and_peers(tmp_path):
    """Drawn where there is something to draw; a missing roster is said, not drawn."""
    run = {"case": "centre-50", "method": "engine", "cost": "10"}
    draw_traces([run], tmp_path / "none.png")
    proved = run | {"case": "proved", "trace": "0.9:82.0% 9.0:0.0%"}
    feasible = run | {"trace": "0.9:82.0% 15.0:18.7%"}
    draw_traces([feasible, proved], tmp_path / "gap.png")
    release = {"release": "1.0", "benchmark": "demo", "figure": "gap", "value": "0.1"}
    draw_releases([release], tmp_path / "releases.png")
    broken = {"method": "greedy", "cost": "70", "broken": "rest.daily:9"}
    peers = [run, run | broken, run | {"method": "pulp", "cost": ""}]
    draw_peers(peers, tmp_path / "peers.png")
    made = {path.name for path in tmp_path.iterdir()}
    assert made == {"gap.png", "releases.png", "peers.png"}


def test_the_table_of_peers_says_what_is_broken():
    """Amounts by rule, and the cost over ours."""
    ours = {"case": "centre-50", "method": "engine", "seconds": "60", "cost": "100"}
    broken = {"method": "greedy", "cost": "250", "hard": "2", "broken": "rest.daily:90"}
    none = {"method": "pulp", "cost": "", "status": "unknown", "why": "no time"}
    lines = peer_table([ours, ours | broken, ours | none]).splitlines()
    assert lines[2].endswith("| 100 | 1.00 |  | none |")
    assert lines[3].endswith("| 250 | 2.50 |  | 2 (rest.daily 90) |")
    assert "| unknown (no time) |" in lines[4]
    assert "| no roster |" in lines[4]


# -- instances ----------------------------------------------------------------------


def one_of(name):
    """The hash that an instance was published with."""
    return instances()[name].sha256


def test_all_instances_are_written_where_none_is_named(tmp_path, monkeypatch, capsys):
    """And a name that is none is refused."""
    few = {"centre-0020": instances()["centre-0020"]}
    monkeypatch.setattr("benchmarks.instances.instances", lambda: few)
    assert write_instances([str(tmp_path)]) == 0
    assert "centre-0020  as published" in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        write_instances([str(tmp_path), "centre-0021"])
    assert ended.value.code == 2


def test_instances_have_the_hashes_published(tmp_path):
    """Two of twelve; ``python -m benchmarks.instances`` looks at all."""
    assert len(instances()) == 12
    for name in ("centre-0020", "centre-0200-six"):
        one = instances()[name]
        assert one.write(tmp_path / name) == one.sha256
    changed = tmp_path / "centre-0020" / "pins.csv"
    changed.write_text(changed.read_text("utf-8") + " ", "utf-8")
    assert hash_of(changed.parent.iterdir()) != instances()["centre-0020"].sha256
    (changed.parent / "out").mkdir()
    assert instances()["centre-0020"].write(changed.parent) == one_of("centre-0020")


def test_the_best_is_kept_with_its_commit(tmp_path, monkeypatch):
    """A better cost or bound; not what breaks rules, nor a cost nobody else finds."""
    write_centre(tmp_path / "case", 20, seed=4)
    rows = []

    def tell(cost, bound, found, by, hard=()):
        outcome = type("Outcome", (), {"cost": found, "hard": dict(hard)})
        monkeypatch.setattr("benchmarks.instances.evaluate", lambda *_: outcome)
        row = {"cost": cost, "bound": bound, "commit": by}
        keep_best(tmp_path / "case", tmp_path, row, tmp_path)
        rows.append(row)
        return read_rows(tmp_path / "best.csv")

    first = {"name": "centre-0020", "bound": "50", "bound_by": "one"}
    assert tell(90, 50, 90, "one") == [first | {"best": "90", "best_by": "one"}]
    assert tell(95, 40, 95, "two") == tell(80, 60, 81, "two")
    assert tell(80, 60, 80, "two", {"rest.daily": 1}.items()) == tell(95, 40, 95, "two")
    assert rows[-2]["hard_of_evaluator"] == 1
    better = [first | {"best": "80", "best_by": "three"}]
    assert tell(80, 45, 80, "three") == better
    for cost, bound in ((99, 81), (79, 80), (45, 40)):  # no bound is above a cost
        assert tell(cost, bound, cost, "four") == better
        assert not is_sound(rows[-1])
    assert is_sound(rows[-4])


def test_the_best_roster_of_a_set_is_kept(tmp_path):
    """The cheapest legal one; a file that cannot be read is as good as none."""

    def judge(path):
        said = text_of(path).split()
        if not said[0].isdigit():
            raise FileError(f"{path}: found {said[0]!r}; expected a cost.")
        return SimpleNamespace(objective=int(said[0]), broken=said[1:])

    task = Task("a", "engine", 1, 1.0, results=tmp_path / "results")
    kept, written = tmp_path / "results" / "set" / "a.csv", tmp_path / "new.csv"

    def keep(text, **other):
        written.write_text(text, encoding="utf-8")
        sets.keep_best(task._replace(**other), written, "set", judge)
        return kept.read_text("utf-8") if kept.exists() else None

    assert keep("9", deterministic=True) is None
    assert keep("9 broken") is None
    for text, stands in (("9", "9"), ("8", "8"), ("8 too", "8"), ("7 x", "8")):
        assert keep(text) == stands
    kept.write_text("mangled", encoding="utf-8")
    assert keep("12") == "12"
    kept.write_text("1 broken", encoding="utf-8")
    assert keep("11") == "11"
    assert [path.name for path in kept.parent.iterdir()] == ["a.csv"]


def test_a_task_counts_seconds_or_work():
    """The clock on the wall only guards against hanging where work is counted."""
    task = Task("a", "engine", 1, 3.0)
    assert task.limits == {"seconds": 3.0, "seed": 1, "effort": None}
    counts = task._replace(deterministic=True).limits
    assert counts == {"seconds": 90.0, "seed": 1, "effort": 3.0}
