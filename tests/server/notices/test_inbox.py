"""The inbox: told once, read by its owner alone."""

from datetime import timedelta

from models.enums import MessageKind
from server.notices import service
from server.notices.service import Telling
from tests.world import Caller, World


def _telling(to: Caller, key: str, title: str = "十月得分") -> Telling:
    return Telling(to.person_id, MessageKind.SCORE, title, "点开看看。", "/api/v1/scores/mine", key)


def test_a_neighbours_message_is_not_there(world: World) -> None:
    me, neighbour = world.resident(), world.resident()
    with world.writing():
        service.tell_many([_telling(me, "a")], world.clock.now())
    (mine,) = me.get("/api/v1/messages").json["items"]
    assert neighbour.get("/api/v1/messages").json["items"] == []
    assert neighbour.post(f"/api/v1/messages/{mine['id']}/read").status_code == 404
    assert me.get("/api/v1/messages").json["items"][0]["read_at"] is None


def test_nobody_signed_in_has_no_inbox(world: World) -> None:
    assert world.anyone().get("/api/v1/messages").status_code == 401


def test_the_same_event_is_told_once_to_each(world: World) -> None:
    me, neighbour = world.resident(), world.resident()
    with world.writing():
        assert service.tell_many([_telling(me, "month:1"), _telling(neighbour, "month:1")], world.clock.now()) == 2
    with world.writing():
        again = [_telling(me, "month:1"), _telling(neighbour, "month:1"), _telling(me, "month:2")]
        assert service.tell_many(again, world.clock.now()) == 1
        assert service.tell_many([], world.clock.now()) == 0
    assert len(me.get("/api/v1/messages").json["items"]) == 2
    assert len(neighbour.get("/api/v1/messages").json["items"]) == 1


def test_reading_counts_down_and_the_first_time_counts(world: World) -> None:
    me = world.resident()
    with world.writing():
        assert service.tell(me.person_id, MessageKind.NOTICE, "题", "文", "", "once", world.clock.now())
        assert not service.tell(me.person_id, MessageKind.NOTICE, "题", "文", "", "once", world.clock.now())
    assert me.get("/api/v1/messages/unread").json == {"unread": 1}
    (message,) = me.get("/api/v1/messages").json["items"]
    first = me.post(f"/api/v1/messages/{message['id']}/read").json["read_at"]
    world.clock.advance(timedelta(hours=1))
    assert me.post(f"/api/v1/messages/{message['id']}/read").json["read_at"] == first
    assert me.get("/api/v1/messages/unread").json == {"unread": 0}


def test_pages_hang_together_newest_first(world: World) -> None:
    me = world.resident()
    with world.writing():
        service.tell_many([_telling(me, f"k{n}", f"第{n}条") for n in range(5)], world.clock.now())
    seen, cursor = [], None
    for _ in range(3):
        page = me.get("/api/v1/messages", query_string={"limit": 2, **({"cursor": cursor} if cursor else {})}).json
        seen += [message["title"] for message in page["items"]]
        cursor = page["next_cursor"]
    assert seen == ["第4条", "第3条", "第2条", "第1条", "第0条"]
    assert cursor is None


def test_a_bad_query_is_refused(world: World) -> None:
    me = world.resident()
    for query in ("cursor=!!", "limit=0", "limit=101", "surprise=1"):
        assert me.get(f"/api/v1/messages?{query}").status_code == 422, query
