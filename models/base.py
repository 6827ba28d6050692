"""The one declarative base, and Flask-SQLAlchemy bound to it.

Models subclass `Base`, never `db.Model`: type checkers understand it and the extension stays replaceable.
"""

import secrets
from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry

from models.types import Id, UTCDateTime

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

PUBLIC_ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: nothing to misread over the phone


class Base(DeclarativeBase):
    """Parent of every table."""

    registry = registry(
        metadata=sa.MetaData(naming_convention=NAMING),
        type_annotation_map={datetime: UTCDateTime},
    )


# expire_on_commit off: the answer is written from rows already read, not read again after the commit.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})

Key = Annotated[int, mapped_column(Id, primary_key=True, comment="internal; never leaves the server")]


def new_public_id() -> str:
    """16 characters, 80 random bits: opaque and unordered, safe to show in URLs."""
    bits = secrets.randbits(80)
    return "".join(PUBLIC_ID_ALPHABET[(bits >> shift) & 31] for shift in range(75, -5, -5))


class Public:
    """Mixin for rows the outside world may name."""

    public_id: Mapped[str] = mapped_column(
        sa.String(16), unique=True, default=new_public_id, comment="opaque, unordered id used in every URL and answer"
    )


def reference(target: str, *, nullable: bool = False, index: bool = False) -> Mapped[int]:
    """A foreign key column to `table.id`; deleting the other row is refused."""
    return mapped_column(Id, sa.ForeignKey(target, ondelete="RESTRICT"), nullable=nullable, index=index)
