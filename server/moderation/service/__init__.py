"""Everything that changes a check: asking for one, WeChat's verdict, a person's decision, waiting too long."""

from server.moderation.service.asking import ask_for_event
from server.moderation.service.deciding import decide
from server.moderation.service.handler import ContentCheckHandler
from server.moderation.service.verdicts import queue_overdue, take_verdict

__all__ = ["ContentCheckHandler", "ask_for_event", "decide", "queue_overdue", "take_verdict"]
