"""What we keep of WeChat itself: the shared access token, the deliveries it made to us, and what people agreed to get."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, reference
from models.enums import GrantEnd
from models.types import checked_enum


class WeChatToken(Base):
    """The access token of one app, shared by all workers and hosts, with the lock for fetching it and the breaker."""

    __tablename__ = "wechat_tokens"

    appid: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    mark: Mapped[str] = mapped_column(
        sa.String(16), comment="drawn anew at every change: only who saw the newest state changes it"
    )
    token_sealed: Mapped[bytes | None] = mapped_column(
        sa.LargeBinary, comment="nothing personal, but whoever has it speaks as us"
    )
    serial: Mapped[int] = mapped_column(default=0, comment="counts the fetches: tells a new token from the one refused")
    fetched_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    owner: Mapped[str] = mapped_column(sa.String(80), default="", comment="who is fetching now")
    leased_until: Mapped[datetime | None]
    refusals: Mapped[int] = mapped_column(default=0, comment="fresh tokens refused in a row; opens the breaker")
    refused_serial: Mapped[int] = mapped_column(default=0, comment="the newest token counted in `refusals`")
    broken_until: Mapped[datetime | None] = mapped_column(comment="nothing is asked before this moment")
    broken_why: Mapped[str] = mapped_column(sa.String(120), default="")


class SubscriptionGrant(Base):
    """One accept of one message template by one person: good for one message, or for many when it is long-term."""

    __tablename__ = "subscription_grants"

    id: Mapped[Key]
    person_id: Mapped[int] = reference("persons.id")
    template: Mapped[str] = mapped_column(sa.String(64), comment="WeChat's template id")
    long_term: Mapped[bool]
    said_by_client: Mapped[bool] = mapped_column(comment="the phone reported this accept")
    said_by_push: Mapped[bool] = mapped_column(comment="WeChat pushed it; the same accept comes both ways")
    granted_at: Mapped[datetime]
    outbox_id: Mapped[int | None] = mapped_column(sa.BigInteger, comment="the delivery it was spent on")
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[GrantEnd | None] = mapped_column(checked_enum(GrantEnd))

    __table_args__ = (
        sa.Index("ix_subscription_grants_person", "person_id", "granted_at"),
        sa.Index(
            "ix_subscription_grants_live",
            "person_id",
            "template",
            "id",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_why IS NULL)", name="ends_with_a_reason"),
    )


class CallbackReceipt(Base):
    """What WeChat brought us once, so that it is not taken twice: a delivery to the callback, the signature it came with,
    a browser sent back to us. Forgotten after a week."""

    __tablename__ = "callback_receipts"

    id: Mapped[Key]
    key: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True, comment="SHA-256 of what names the delivery")
    received_at: Mapped[datetime] = mapped_column(index=True)
