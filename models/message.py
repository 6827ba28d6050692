"""The in-app inbox: it never depends on WeChat's consent."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, Public, reference
from models.enums import MessageKind
from models.types import checked_enum

_UNREAD = sa.text("read_at IS NULL")


class Message(Public, Base):
    """A message to one person."""

    __tablename__ = "messages"

    id: Mapped[Key]
    person_id: Mapped[int] = reference("persons.id")
    kind: Mapped[MessageKind] = mapped_column(checked_enum(MessageKind))
    title: Mapped[str] = mapped_column(sa.String(80))
    body: Mapped[str] = mapped_column(sa.String(1000))
    link: Mapped[str] = mapped_column(sa.String(200), default="", comment="API path of what it is about")
    facts: Mapped[str] = mapped_column(
        sa.String(600), default="", server_default="", comment="JSON for WeChat's template: building, category …"
    )
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    dedup_key: Mapped[str] = mapped_column(sa.String(80), comment="the same event never tells the same person twice")

    __table_args__ = (
        sa.UniqueConstraint("person_id", "dedup_key"),
        sa.Index("ix_messages_person", "person_id", "id"),
        sa.Index("ix_messages_unread", "person_id", sqlite_where=_UNREAD, postgresql_where=_UNREAD),
    )
