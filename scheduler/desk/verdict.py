"""Checks of a request, each with its verdict, numbers and sentence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from constraints.rule import Text

NOT_APPLICABLE, PASS, WARN, APPROVAL, FAIL = VERDICTS = (
    "not_applicable",
    "pass",
    "warn",
    "needs_approval",
    "fail",
)


@dataclass(frozen=True)
class Check:
    """One check of a request.

    Attributes
    ----------
    id
        The rule it comes from, such as ``R10``.
    verdict
        ``not_applicable``, ``pass``, ``warn``, ``needs_approval`` or ``fail``.
    text
        What was found, with amounts.
    numbers
        The same for programs.
    """

    id: str
    verdict: str
    text: Text
    numbers: Mapping[str, Any] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "id": self.id,
            "verdict": self.verdict,
            "numbers": dict(self.numbers),
            "text": {"en": self.text.en, "zh": self.text.zh},
        }


@dataclass(frozen=True)
class Verdict:
    """All checks of a request, in order.

    Examples
    --------
    >>> one = Check("R10", PASS, Text("In time.", "及时。"))
    >>> other = Check("R12", APPROVAL, Text("Day for night.", "日夜互换。"))
    >>> Verdict((one, other)).verdict
    'needs_approval'
    """

    checks: Sequence[Check]

    @property
    def verdict(self) -> str:
        """The worst of all; ``pass`` where there is nothing to say."""
        worst = max((VERDICTS.index(c.verdict) for c in self.checks), default=1)
        return VERDICTS[max(1, worst)]

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that fail."""
        return tuple(check for check in self.checks if check.verdict == FAIL)

    @property
    def deciding(self) -> tuple[str, ...]:
        """Ids of the checks that make the verdict what it is."""
        worst = self.verdict
        return tuple(check.id for check in self.checks if check.verdict == worst)

    def check(self, id: str) -> Check:
        """Return the check of an id; KeyError where there is none."""
        found = {check.id: check for check in self.checks}
        return found[id]

    def record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        checks = [check.record() for check in self.checks]
        return {"verdict": self.verdict, "checks": checks}
