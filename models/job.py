"""The ledger of background work: the database, not a queue, knows what ran."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class JobRun(Base):
    """One slot of one job. Whoever claims the row runs it; a lease that ran out may be claimed again."""

    __tablename__ = "job_runs"

    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    slot: Mapped[str] = mapped_column(sa.String(20), primary_key=True, comment='e.g. "2026-10" or "2026-10-03T04:00"')
    owner: Mapped[str] = mapped_column(sa.String(80), default="")
    leased_until: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(
        sa.String(200), default="", comment="class of the last failure, nothing personal"
    )
