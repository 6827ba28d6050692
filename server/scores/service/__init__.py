"""Everything that changes a month: closing it, its way to being published, deductions, its export."""

from server.scores.service.closing import Closed, close_month_everywhere
from server.scores.service.correcting import correct, correct_at_terminal
from server.scores.service.deductions import cancel_deduction, enter_deduction
from server.scores.service.exporting import export_ranking
from server.scores.service.moving import close, open_notice, publish, redraft, seal
from server.scores.service.verifying import Verified, verify

__all__ = [
    "Closed",
    "Verified",
    "cancel_deduction",
    "close",
    "close_month_everywhere",
    "correct",
    "correct_at_terminal",
    "enter_deduction",
    "export_ranking",
    "open_notice",
    "publish",
    "redraft",
    "seal",
    "verify",
]
