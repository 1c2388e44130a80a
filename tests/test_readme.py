"""README.md is run: its Python, its commands' names, its table, its pictures."""

import re
from pathlib import Path

import pytest

import scheduler as sc
from scheduler.cli import run

README = Path(__file__).parent.parent / "README.md"
TEXT = README.read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_python_in_the_readme_runs(tmp_path, monkeypatch):
    """All blocks in order, in an empty folder, as one script."""
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 3
    names = {"__name__": "readme"}
    for block in blocks:
        exec(compile(block, str(README), "exec"), names)
    assert (tmp_path / "cover.png").stat().st_size > 10_000
    assert (tmp_path / "case" / "out" / "report.html").is_file()


def test_the_quickstart_is_twelve_lines():
    """Short enough to be read on the first screen, and all of it public."""
    block = re.search(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)[1]
    assert len([line for line in block.splitlines() if line.strip()]) <= 12
    assert set(re.findall(r"\bsc\.(\w+)", block)) <= set(sc.__all__)


def test_the_table_of_rules_is_what_the_command_prints(capsys):
    """Generated, not written: ``python docs/readme.py`` brings it up to date."""
    assert run(["rules", "--markdown"]) == 0
    table = capsys.readouterr().out
    assert f"<!-- rules -->\n{table}<!-- end of rules -->" in TEXT


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)]+)\)", TEXT))))
def test_every_link_leads_somewhere(link):
    """Pictures, notebooks and pages are in the checkout."""
    assert (README.parent / link).exists()
