"""When a job is due: slots on Shanghai's calendar, oldest first, named so that their order is the alphabet's."""

from collections.abc import Callable
from datetime import datetime, time, timedelta

from server.rules import calendar

Slots = Callable[[datetime], list[str]]

MONTHS_BACK = 12  # how long a house may have stood still and still catch up month by month


def hourly(now: datetime) -> list[str]:
    """The hour that has begun, "2026-11-22T14". Earlier ones are not made up for: it does all that is due by now."""
    return [now.astimezone(calendar.SHANGHAI).strftime("%Y-%m-%dT%H")]


def every_ten_minutes(now: datetime) -> list[str]:
    """The ten minutes that have begun, "2026-11-22T14:30". Earlier ones are not made up for."""
    local = now.astimezone(calendar.SHANGHAI)
    return [f"{local:%Y-%m-%dT%H}:{local.minute // 10}0"]


def nightly(hour: int) -> Slots:
    """The last night's slot, "2026-11-22", from `hour` o'clock on. Earlier nights are not made up for."""

    def slots(now: datetime) -> list[str]:
        local = now.astimezone(calendar.SHANGHAI)
        day = local.date() if local.hour >= hour else local.date() - timedelta(days=1)
        return [day.isoformat()]

    return slots


def after_each_month(hour: int) -> Slots:
    """Every month that is over, "2026-10", from the 1st of the next, `hour` o'clock: each one is made up for."""

    def slots(now: datetime) -> list[str]:
        local = now.astimezone(calendar.SHANGHAI)
        month = calendar.previous(calendar.month_of(now))
        if local.day == 1 and local.time() < time(hour):
            month = calendar.previous(month)
        months = [month]
        for _ in range(MONTHS_BACK - 1):
            months.append(calendar.previous(months[-1]))
        return [calendar.show_month(m) for m in reversed(months)]

    return slots
