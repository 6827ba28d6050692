"""What the ledger writes: reply templates, and files that are noted in the audit trail."""

from server.ledger.service.exporting import export_figures
from server.ledger.service.templates import change_template, close_template, write_template

__all__ = ["change_template", "close_template", "export_figures", "write_template"]
