"""Everything that changes an issue: reporting it, moving it, importing a ledger of them."""

from server.issues.service.assigning import Assigned, assign_many
from server.issues.service.exporting import export_issues
from server.issues.service.indexing import forget_index, index_issues, missing_from_index
from server.issues.service.leaving import forget_contact, forget_reporter
from server.issues.service.ledger import Plan, load_ledger, plan_ledger
from server.issues.service.moving import (
    Wish,
    move_as_reporter,
    move_as_staff,
    reveal_contact,
)
from server.issues.service.reporting import Report, Reported, report_as_person, report_by_code
from server.issues.service.telling import TellOfMove
from server.issues.service.ticking import close_silent, run_clocks

__all__ = [
    "Assigned",
    "Plan",
    "Report",
    "Reported",
    "TellOfMove",
    "Wish",
    "assign_many",
    "close_silent",
    "export_issues",
    "forget_contact",
    "forget_index",
    "forget_reporter",
    "index_issues",
    "load_ledger",
    "missing_from_index",
    "move_as_reporter",
    "move_as_staff",
    "plan_ledger",
    "report_as_person",
    "report_by_code",
    "reveal_contact",
    "run_clocks",
]
