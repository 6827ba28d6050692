"""People, how they sign in, and the appointments that give them rights."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, Public, reference
from models.enums import Role, SessionKind
from models.retention import personal
from models.types import Id, checked_enum

_HELD: Any = {
    "sqlite_where": sa.text("department_id IS NOT NULL"),
    "postgresql_where": sa.text("department_id IS NOT NULL"),
}


class Person(Public, Base):
    """Somebody who can sign in. Residents who only scan and report have no row here."""

    __tablename__ = "persons"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(
        sa.String(40), default="", comment="as the office knows them; empty for residents"
    )
    username: Mapped[str | None] = mapped_column(sa.String(40), unique=True, comment="office staff only, lower case")
    password_hash: Mapped[str | None] = mapped_column(sa.String(255))
    phone_sealed: Mapped[bytes | None] = personal(
        "to be called back, given by the person in WeChat",
        keep="until the person takes it back, here or in WeChat",
        nullable=True,
    )
    phone_index: Mapped[bytes | None] = mapped_column(sa.LargeBinary(16), comment="keyed blind index")
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]

    __table_args__ = (
        sa.CheckConstraint("(username IS NULL) = (password_hash IS NULL)", name="username_with_password"),
    )


class WeChatAccount(Base):
    """Which WeChat user of which app a person is."""

    __tablename__ = "wechat_accounts"

    id: Mapped[Key]
    person_id: Mapped[int] = reference("persons.id", index=True)
    appid: Mapped[str] = mapped_column(sa.String(32))
    openid_sealed: Mapped[bytes] = personal(
        "openid, to send messages with", keep="until the account is closed in WeChat"
    )
    openid_index: Mapped[bytes] = mapped_column(sa.LargeBinary(16), comment="keyed blind index")
    unionid_index: Mapped[bytes | None] = mapped_column(
        sa.LargeBinary(16), comment="keyed blind index: the same person in our other app"
    )
    seen_at: Mapped[datetime | None] = mapped_column(comment="last sign-in: WeChat checks texts of the last two hours")
    created_at: Mapped[datetime]

    __table_args__ = (
        sa.UniqueConstraint("appid", "openid_index"),
        sa.Index(
            "ix_wechat_accounts_unionid",
            "unionid_index",
            sqlite_where=sa.text("unionid_index IS NOT NULL"),
            postgresql_where=sa.text("unionid_index IS NOT NULL"),
        ),
    )


class SignInSession(Base):
    """An opaque token somebody holds. Only its SHA-256 is kept; it can be revoked and is read on every request."""

    __tablename__ = "sessions"

    id: Mapped[Key]
    person_id: Mapped[int] = reference("persons.id", index=True)
    kind: Mapped[SessionKind] = mapped_column(checked_enum(SessionKind))
    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class SignInFailure(Base):
    """A failed password sign-in, kept for a quarter of an hour to slow guessing."""

    __tablename__ = "sign_in_failures"

    id: Mapped[Key]
    subject: Mapped[bytes] = mapped_column(sa.LargeBinary(16), comment="keyed hash of the user name that was tried")
    at: Mapped[datetime]

    __table_args__ = (sa.Index("ix_sign_in_failures_subject_at", "subject", "at"),)


class Appointment(Public, Base):
    """A person × a role × a place × a term: the only source of rights. Ending one darkens it at the next request."""

    __tablename__ = "appointments"

    id: Mapped[Key]
    person_id: Mapped[int] = reference("persons.id", index=True)
    role: Mapped[Role] = mapped_column(checked_enum(Role))
    place_id: Mapped[int] = reference("places.id")
    department_id: Mapped[int | None] = mapped_column(Id, sa.ForeignKey("departments.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None] = mapped_column(comment="end of the term, or the moment it was ended early")
    ended_reason: Mapped[str] = mapped_column(sa.String(200), default="")
    appointed_by_id: Mapped[int | None] = reference("persons.id", nullable=True)
    created_at: Mapped[datetime]

    __table_args__ = (
        sa.Index("ix_appointments_place_role", "place_id", "role"),
        sa.CheckConstraint("ends_at IS NULL OR ends_at >= starts_at", name="term_runs_forward"),
        sa.CheckConstraint("department_id IS NULL OR role = 'department'", name="department_of_department"),
        sa.Index("ix_appointments_department", "department_id", **_HELD),
    )


class Invitation(Public, Base):
    """The office's invitation to a future head. Its code is shown once; only the hash is kept."""

    __tablename__ = "invitations"

    id: Mapped[Key]
    code_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    role: Mapped[Role] = mapped_column(checked_enum(Role))
    place_id: Mapped[int] = reference("places.id", index=True)
    name: Mapped[str] = mapped_column(sa.String(40), comment="whom the office means to appoint")
    term_ends_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by_id: Mapped[int] = reference("persons.id")
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    accepted_by_id: Mapped[int | None] = reference("persons.id", nullable=True)
    revoked_at: Mapped[datetime | None]
