"""Every table of the product. Importing this package fills the metadata that migrations compare against."""

from models.audit import AuditEvent
from models.base import Base, db, new_public_id
from models.duty import DutyItem, DutyRecord
from models.household import Household, Resident
from models.idempotency import IdempotencyKey
from models.issue import Issue, IssueEvent, ReturnVisit
from models.job import JobRun
from models.message import Message
from models.person import Appointment, Invitation, Person, SignInFailure, SignInSession, WeChatAccount
from models.photo import Photo
from models.place import Place, StairwellCode
from models.score import CommunityMonth, Deduction, RuleSet, ScoreLine, Standing
from models.survey import Inspection

__all__ = [
    "Appointment",
    "AuditEvent",
    "Base",
    "CommunityMonth",
    "Deduction",
    "DutyItem",
    "DutyRecord",
    "Household",
    "IdempotencyKey",
    "Inspection",
    "Invitation",
    "Issue",
    "IssueEvent",
    "JobRun",
    "Message",
    "Person",
    "Photo",
    "Place",
    "Resident",
    "ReturnVisit",
    "RuleSet",
    "ScoreLine",
    "SignInFailure",
    "SignInSession",
    "StairwellCode",
    "Standing",
    "WeChatAccount",
    "db",
    "new_public_id",
]
