"""Write the table of rules into README.md, as ``roster rules --markdown`` prints it."""

from pathlib import Path

from constraints import RULES
from scheduler.cli.show import rule_records, rule_table

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- rules -->\n", "<!-- end of rules -->"


def main() -> None:
    """Replace what lies between the two marks."""
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    table = "".join(f"{line}\n" for line in rule_table(rule_records(RULES, "en")))
    README.write_text(f"{before}{BEGIN}{table}{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
