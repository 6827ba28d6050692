"""Every table of the product. Importing this package fills the metadata that migrations compare against."""

from models.audit import AuditEvent
from models.base import Base, db, new_public_id
from models.content_check import ContentCheck
from models.duty import DutyItem, DutyRecord
from models.household import Household, Resident
from models.idempotency import IdempotencyKey
from models.issue import Issue, IssueEvent, ReturnVisit
from models.job import JobRun
from models.message import Message
from models.outbox import OutboxEntry
from models.person import Appointment, Invitation, Person, SignInFailure, SignInSession, WeChatAccount
from models.photo import Photo
from models.place import Place, StairwellCode
from models.score import CommunityMonth, Deduction, RuleSet, ScoreLine, Standing
from models.survey import Inspection
from models.wechat import CallbackReceipt, SubscriptionGrant, WeChatToken

__all__ = [
    "Appointment",
    "AuditEvent",
    "Base",
    "CallbackReceipt",
    "CommunityMonth",
    "ContentCheck",
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
    "OutboxEntry",
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
    "SubscriptionGrant",
    "WeChatAccount",
    "WeChatToken",
    "db",
    "new_public_id",
]
