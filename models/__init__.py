"""Every table of the product. Importing this package fills the metadata that migrations compare against."""

from models.api_key import ApiKey
from models.audit import AuditEvent
from models.base import Base, db, new_public_id
from models.common_problem import CommonProblem, CommonProblemIssue
from models.content_check import ContentCheck
from models.department import Department
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
from models.rule_book import ReplyTemplate, RuleBook
from models.score import CommunityMonth, Deduction, RuleSet, ScoreLine, Standing
from models.shield import IdentityOpening, IssueRead
from models.survey import Inspection
from models.turn import Extension, TriageDecision, Turn, Whistle
from models.wechat import CallbackReceipt, SubscriptionGrant, WeChatToken

__all__ = [
    "ApiKey",
    "Appointment",
    "AuditEvent",
    "Base",
    "CallbackReceipt",
    "CommonProblem",
    "CommonProblemIssue",
    "CommunityMonth",
    "ContentCheck",
    "Deduction",
    "Department",
    "DutyItem",
    "DutyRecord",
    "Extension",
    "Household",
    "IdempotencyKey",
    "IdentityOpening",
    "Inspection",
    "Invitation",
    "Issue",
    "IssueEvent",
    "IssueRead",
    "JobRun",
    "Message",
    "OutboxEntry",
    "Person",
    "Photo",
    "Place",
    "ReplyTemplate",
    "Resident",
    "ReturnVisit",
    "RuleBook",
    "RuleSet",
    "ScoreLine",
    "SignInFailure",
    "SignInSession",
    "StairwellCode",
    "Standing",
    "SubscriptionGrant",
    "TriageDecision",
    "Turn",
    "WeChatAccount",
    "WeChatToken",
    "Whistle",
    "db",
    "new_public_id",
]
