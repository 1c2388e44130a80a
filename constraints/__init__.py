"""Who may work when: people, shifts, roster, rules and the audit."""

from constraints.case import OFF, Agent, Case, Leave, Request, Shift
from constraints.pack import PACKS, RULES, read_pack, read_rules
from constraints.roster import Duties, Roster
from constraints.rule import Audit, Rule, Violation, audit

__all__ = [
    "OFF",
    "PACKS",
    "RULES",
    "Agent",
    "Audit",
    "Case",
    "Duties",
    "Leave",
    "Request",
    "Roster",
    "Rule",
    "Shift",
    "Violation",
    "audit",
    "read_pack",
    "read_rules",
]
