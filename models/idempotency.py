"""Answers already given, so that a repeated request gets the same answer and writes nothing twice."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class IdempotencyKey(Base):
    """One answered POST. The answer is sealed: it may hold a claim code."""

    __tablename__ = "idempotency_keys"

    owner: Mapped[bytes] = mapped_column(
        sa.LargeBinary(16), primary_key=True, comment="keyed hash of who asked and where"
    )
    key: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    request_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(16), comment="keyed hash of the body")
    status: Mapped[int] = mapped_column(sa.SmallInteger)
    answer_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    created_at: Mapped[datetime]

    # No index of when: one look through a week's keys a night costs less than one more page in every report.
    __table_args__ = ({"sqlite_with_rowid": False},)
