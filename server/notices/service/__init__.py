"""Telling people, in the app and through WeChat, and keeping what they agreed to."""

from server.notices.service.consent import grant, report, withdraw
from server.notices.service.leaving import forget_person
from server.notices.service.sending import SendMessage
from server.notices.service.telling import Telling, mark_read, tell, tell_many
from server.notices.service.writing import Sent, send_notice

__all__ = [
    "SendMessage",
    "Sent",
    "Telling",
    "forget_person",
    "grant",
    "mark_read",
    "report",
    "send_notice",
    "tell",
    "tell_many",
    "withdraw",
]
