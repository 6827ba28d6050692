"""The transactional outbox: what is still to be done after a commit, written in the same transaction as its cause."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key
from models.enums import OutboxKind
from models.types import checked_enum

_WAITING = sa.text("done_at IS NULL AND dead_at IS NULL")


class OutboxEntry(Base):
    """One thing to do for one row. The relay claims it under a lease; it ends done or dead, never silently."""

    __tablename__ = "outbox"

    id: Mapped[Key]
    kind: Mapped[OutboxKind] = mapped_column(checked_enum(OutboxKind))
    subject: Mapped[int] = mapped_column(sa.BigInteger, comment="internal id of the row it is about; its table by kind")
    created_at: Mapped[datetime]
    not_before: Mapped[datetime]
    owner: Mapped[str] = mapped_column(sa.String(80), default="")
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    unsure: Mapped[int] = mapped_column(default=0, comment="attempts nobody knows the end of")
    crashed: Mapped[int] = mapped_column(default=0, comment="of those, the ones that broke off in their first moment")
    done_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(sa.String(40), default="", comment="a word of the relay: sent, no_consent …")
    error: Mapped[str] = mapped_column(sa.String(200), default="", comment="of the last failure; nothing personal")
    receipt: Mapped[str] = mapped_column(sa.String(80), default="", comment="the other side's name for it, if any")

    __table_args__ = (
        sa.UniqueConstraint("kind", "subject"),
        sa.Index("ix_outbox_waiting", "not_before", sqlite_where=_WAITING, postgresql_where=_WAITING),
        sa.Index(
            "ix_outbox_dead",
            "id",
            sqlite_where=sa.text("dead_at IS NOT NULL"),
            postgresql_where=sa.text("dead_at IS NOT NULL"),
        ),
        sa.CheckConstraint("done_at IS NULL OR dead_at IS NULL", name="one_end"),
    )
