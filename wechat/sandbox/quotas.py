"""How often an app may ask what: counts by minute and by day of Beijing, limits as small as a test wants them.

Nothing is limited until somebody says so; the day's allowance that `quota/get` tells is then WeChat's own.
"""

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from wechat.sandbox.answers import Refused
from wechat.sandbox.world import Room, World

CLEARINGS_A_MONTH = 10
_BEIJING = timezone(timedelta(hours=8))
_OFFICIAL_DAY = {
    "/cgi-bin/message/subscribe/send": 10_000_000,
    "/cgi-bin/stable_token": 500_000,
    "/wxa/generate_urllink": 500_000,
    "/wxa/generatescheme": 500_000,
    "/wxa/media_check_async": 200_000,
    "/wxa/msg_sec_check": 2_000_000,
}
_OFFICIAL_MINUTE = {
    "/wxa/getwxacodeunlimit": 5_000,
    "/wxa/media_check_async": 2_000,
    "/wxa/msg_sec_check": 4_000,
    "/wxa/resetusersessionkey": 60_000,
}


@dataclass(slots=True)
class Limit:
    """How many calls a path takes; None: as many as come."""

    day: int | None = None
    minute: int | None = None


class Quotas(Room):
    """What each app has used up."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.limits: dict[str, Limit] = {}
        self._days: Counter[tuple[str, str]] = Counter()
        self._minutes: Counter[tuple[str, str]] = Counter()
        self._today, self._minute = "", 0
        self._cleared: dict[str, list[str]] = {}

    def limit(self, path: str, day: int | None = None, minute: int | None = None) -> None:
        with self.world.lock:
            self.limits[path] = Limit(day, minute)

    def count(self, appid: str, path: str, now: float, too_often: int = 45011) -> None:
        """One more call; 45009 when the day's are used up, `too_often` when the minute's are."""
        with self.world.lock:
            self._turn(now)
            limit = self.limits.get(path, Limit())
            if limit.day is not None and self._days[appid, path] >= limit.day:
                raise Refused(45009)
            if limit.minute is not None and self._minutes[appid, path] >= limit.minute:
                raise Refused(too_often)
            self._days[appid, path] += 1
            self._minutes[appid, path] += 1

    def clear(self, appid: str, now: float) -> None:
        """Begin the day afresh, ten times a month, by whichever of the two calls."""
        month = _moment(now).strftime("%Y-%m")
        with self.world.lock:
            past = [when for when in self._cleared.get(appid, []) if when == month]
            if len(past) >= CLEARINGS_A_MONTH:
                raise Refused(48006)
            self._cleared[appid] = [*past, month]
            for key in [key for key in self._days if key[0] == appid]:
                del self._days[key]

    def tell(self, appid: str, path: str, now: float) -> dict[str, Any]:
        with self.world.lock:
            self._turn(now)
            limit, used = self.limits.get(path, Limit()), self._days[appid, path]
            day = _OFFICIAL_DAY.get(path, 100_000) if limit.day is None else limit.day
            minute = _OFFICIAL_MINUTE.get(path, 10_000) if limit.minute is None else limit.minute
            rate = {"call_count": self._minutes[appid, path], "refresh_second": 60, "limit": minute}
        return {
            "quota": {"daily_limit": day, "used": used, "remain": max(0, day - used)},
            "rate_limit": rate,
        }

    def dump(self) -> dict[str, Any]:
        return {"limits": {path: asdict(limit) for path, limit in self.limits.items()}, "cleared": self._cleared}

    def load(self, kept: dict[str, Any]) -> None:
        self.limits = {path: Limit(**limit) for path, limit in kept["limits"].items()}
        self._cleared = dict(kept["cleared"])

    def _turn(self, now: float) -> None:
        today, minute = _moment(now).date().isoformat(), int(now // 60)
        if today != self._today:
            self._today = today
            self._days.clear()
        if minute != self._minute:
            self._minute = minute
            self._minutes.clear()


def _moment(now: float) -> datetime:
    return datetime.fromtimestamp(now, UTC).astimezone(_BEIJING)
