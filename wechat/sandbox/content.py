"""The content check of texts: trigger words.

Risky content is a success of the call (errcode 0), as in version 2; version 1 answers 87014 and is frozen.
"""

from collections.abc import Iterable
from typing import Any

from wechat.sandbox.answers import Refused, ok, trace
from wechat.sandbox.desk import Call, call
from wechat.sandbox.world import Room, World

LONGEST = 2500
HERE_SECONDS = 2 * 3600
RISKY_WORDS = {"违禁测试词": 20006, "广告测试词": 10001}
REVIEW_WORDS = {"待审测试词": 21000}


class Content(Room):
    """Which words trigger what, and for how long after coming in somebody's words are checked."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.risky = dict(RISKY_WORDS)
        self.review = dict(REVIEW_WORDS)
        self.here_seconds: float | None = HERE_SECONDS
        """None: everybody counts as here."""

    def refuses(self, texts: Iterable[str]) -> bool:
        """Whether a subscribe message with these words is not carried."""
        return any(word in text for text in texts for word in self.risky)

    def judge(self, texts: Iterable[str]) -> tuple[str, int, list[dict[str, Any]]]:
        """Suggestion, label and the keywords that led to them."""
        whole = "\n".join(texts)
        hits = [("risky", word, label) for word, label in self.risky.items() if word in whole]
        hits += [("review", word, label) for word, label in self.review.items() if word in whole]
        found = [
            {"strategy": "keyword", "errcode": 0, "suggest": suggest, "label": label, "keyword": word, "level": 90}
            for suggest, word, label in hits
        ]
        return (hits[0][0], hits[0][2], found) if hits else ("pass", 100, found)

    def must_be_here(self, openid: str, now: float) -> None:
        """61010 unless this person came in within two hours."""
        seen = self.world.seen.get(openid)
        if self.here_seconds is not None and (seen is None or now - seen > self.here_seconds):
            raise Refused(61010)

    def dump(self) -> dict[str, Any]:
        return {"risky": self.risky, "review": self.review, "here": self.here_seconds}

    def load(self, kept: dict[str, Any]) -> None:
        self.risky, self.review, self.here_seconds = dict(kept["risky"]), dict(kept["review"]), kept["here"]


@call("/wxa/msg_sec_check", too_often=44991)
def check_text(asked: Call) -> dict[str, Any]:
    """/wxa/msg_sec_check."""
    room, content = asked.world.room(Content), asked.asked.get("content")
    if not isinstance(content, str) or not content or len(content) > LONGEST:
        raise Refused(47001)
    texts = [content, *(asked.text(name) for name in ("title", "nickname", "signature"))]
    suggest, label, keywords = room.judge(texts)
    if asked.asked.get("version") not in (2, "2"):
        if suggest == "risky":
            raise Refused(87014)
        return ok()
    check_scene(asked)
    asked.user()
    room.must_be_here(asked.text("openid"), asked.now)
    model = {"strategy": "content_model", "errcode": 0, "suggest": suggest, "label": label, "prob": 90}
    return ok(result={"suggest": suggest, "label": label}, detail=[model, *keywords], trace_id=trace())


def check_scene(asked: Call) -> None:
    """40129 unless the scene is one of the four."""
    if asked.asked.get("scene") not in (1, 2, 3, 4):
        raise Refused(40129)
