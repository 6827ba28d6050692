"""Everything that changes an issue: reporting it, moving it, importing a ledger of them."""

from server.issues.hidden import Hidden
from server.issues.service.assigning import Assigned, assign_many
from server.issues.service.exporting import export_issues
from server.issues.service.figures_file import department_figures_file
from server.issues.service.hiding import hidden_reporter, tell_hidden
from server.issues.service.indexing import forget_index, index_issues, missing_from_index
from server.issues.service.joined import forget_recurrence, move_as_reporter, move_as_staff
from server.issues.service.joining import MeToo, join_by_code
from server.issues.service.leaving import forget_contact, forget_reporter
from server.issues.service.ledger import Plan, load_ledger, plan_ledger
from server.issues.service.moving import (
    Wish,
    reveal_contact,
)
from server.issues.service.reporting import Report, Reported, report_as_person, report_by_code, report_from_system
from server.issues.service.telling import TellOfMove
from server.issues.service.ticking import close_silent, run_clocks
from server.issues.service.whistle_ticking import run_whistle_clocks
from server.issues.service.whistling import answer_whistle, sound_whistle, whistle_clocks

__all__ = [
    "Assigned",
    "Hidden",
    "MeToo",
    "Plan",
    "Report",
    "Reported",
    "TellOfMove",
    "Wish",
    "answer_whistle",
    "assign_many",
    "close_silent",
    "department_figures_file",
    "export_issues",
    "forget_contact",
    "forget_index",
    "forget_recurrence",
    "forget_reporter",
    "hidden_reporter",
    "index_issues",
    "join_by_code",
    "load_ledger",
    "missing_from_index",
    "move_as_reporter",
    "move_as_staff",
    "plan_ledger",
    "report_as_person",
    "report_by_code",
    "report_from_system",
    "reveal_contact",
    "run_clocks",
    "run_whistle_clocks",
    "sound_whistle",
    "tell_hidden",
    "whistle_clocks",
]
