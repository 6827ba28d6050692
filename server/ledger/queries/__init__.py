"""Reading the ledger as a whole: figures of a place and a period, and the templates of replies."""

from server.ledger.queries.report import Breakdown, Report, Told, report
from server.ledger.queries.templates import TemplateView, offered, template, templates

__all__ = ["Breakdown", "Report", "TemplateView", "Told", "offered", "report", "template", "templates"]
