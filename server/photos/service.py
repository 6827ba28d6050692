"""Keeping photos and attaching them to what they show."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from models import Photo
from models.enums import PhotoUse
from server.core import database
from server.core.errors import invalid

MOST = 6
UNATTACHED_FOR = timedelta(days=1)


def attach(
    public_ids: Sequence[str],
    *,
    uploaded_by_id: int | None,
    now: datetime,
    issue_id: int | None = None,
    inspection_id: int | None = None,
    duty_record_id: int | None = None,
    use: PhotoUse | None = None,
) -> None:
    """Attach uploaded photos to one thing: only fresh, unattached ones of the same uploader. Raises 422 otherwise."""
    wanted = list(dict.fromkeys(public_ids))
    if len(wanted) > MOST:
        raise invalid("photo_ids", f"最多 {MOST} 张照片。")
    target = {"issue_id": issue_id, "inspection_id": inspection_id, "duty_record_id": duty_record_id}
    values = {name: value for name, value in target.items() if value is not None}
    if use is not None:
        values["use"] = use  # type: ignore[assignment]
    done = database.connection().execute(
        sa.update(Photo)
        .where(
            Photo.public_id.in_(wanted),
            Photo.issue_id.is_(None),
            Photo.inspection_id.is_(None),
            Photo.duty_record_id.is_(None),
            Photo.created_at > now - UNATTACHED_FOR,
            Photo.uploaded_by_id == uploaded_by_id if uploaded_by_id is not None else Photo.uploaded_by_id.is_(None),
        )
        .values(values)
    )
    if done.rowcount != len(wanted):
        raise invalid("photo_ids", "有照片已失效，请重新上传。")
