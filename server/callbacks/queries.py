"""What was delivered before."""

from datetime import datetime

import sqlalchemy as sa

from models import CallbackReceipt
from server.core import database


def received_at(key: bytes) -> datetime | None:
    """When something was first received, or None."""
    query = sa.select(CallbackReceipt.received_at).where(CallbackReceipt.key == key)
    found: datetime | None = database.connection().execute(query).scalar()
    return found
