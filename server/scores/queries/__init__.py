"""Reading months: rankings, scores line by line, the evidence behind each line, deductions."""

from server.scores.queries.deductions import DeductionView, deduction, deductions
from server.scores.queries.evidence import EvidenceItem, EvidencePage, evidence
from server.scores.queries.month_page import PartView, SignedStep, parts, signed_steps
from server.scores.queries.months import (
    MonthView,
    RankingView,
    StandingView,
    VersionView,
    month,
    months_of,
    ranking,
    ranking_at_terminal,
)
from server.scores.queries.overview import StateCount, manifest_at_terminal, not_closed, state_counts
from server.scores.queries.reviews import ReviewView, reviews
from server.scores.queries.scores import BuildingScoreView, LineView, building_score, mine

__all__ = [
    "BuildingScoreView",
    "DeductionView",
    "EvidenceItem",
    "EvidencePage",
    "LineView",
    "MonthView",
    "PartView",
    "RankingView",
    "ReviewView",
    "SignedStep",
    "StandingView",
    "StateCount",
    "VersionView",
    "building_score",
    "deduction",
    "deductions",
    "evidence",
    "manifest_at_terminal",
    "mine",
    "month",
    "months_of",
    "not_closed",
    "parts",
    "ranking",
    "ranking_at_terminal",
    "reviews",
    "signed_steps",
    "state_counts",
]
