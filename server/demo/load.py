"""Loading the demonstration: two months of a community's life, the earlier one published, the later one a draft."""

import csv
import io
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Flask
from PIL import Image

from models.enums import CheckState, DutyState, Move, OutboxKind, PhotoUse, Role
from server.core import access, database, paging
from server.core.access import Actor
from server.demo import whistles
from server.demo.people import HAPPENED, HOUSEHOLDS, OPEN, PASSWORD, PLACES, STAFF, STARS, STORIES, Answers
from server.duties import queries as duty_queries
from server.duties import service as duties
from server.heads import service as heads
from server.households import service as households
from server.identity import service as identity
from server.issues import queries as issue_queries
from server.issues import service as issues
from server.issues.service import Report, Wish
from server.jobs import relay
from server.moderation import queries as moderation_queries
from server.moderation import service as moderation
from server.photos import service as photos
from server.places import queries as places
from server.places import service as place_service
from server.rules.calendar import Month, bounds, month_of, previous
from server.rules.lifecycle import Details
from server.rules.permissions import Permission
from server.scores import service as scores
from server.surveys import service as surveys

COMMUNITY = "demo-01-01"
UNREAD = (2, 8)  # buildings whose open issue still waits for the clerk's review


@dataclass(frozen=True)
class Building:
    """A building of the demonstration and its stairwell code."""

    number: int
    id: str
    code: str


class Demo:
    """Loads the demonstration step by step; each step is a transaction of its own."""

    def __init__(self, app: Flask, now: datetime) -> None:
        self.app, self.now = app, now
        self.month = previous(month_of(now))
        self.before = previous(self.month)
        self.people: dict[str, int] = {}
        self.buildings: dict[int, Building] = {}

    def load(self) -> None:
        """Everything, in the order in which it could have happened."""
        began = bounds(self.before)[0] - timedelta(days=60)
        with database.transaction():
            self._places(began)
            self._people(began)
        with database.transaction():
            self._households(began)
        for month in (self.before, self.month):
            with database.transaction():
                self._month(month)
        scores.close_month_everywhere(self.before, bounds(self.before)[1] + timedelta(hours=8))
        self._publish(self.before)
        scores.close_month_everywhere(self.month, self._not_after_now(bounds(self.month)[1] + timedelta(hours=8)))
        with database.transaction():
            self._open_issues()
            people = {name: self.actor(name, self.now) for name in ("shequ", "zhujian")}
            whistles.sound(people, (self.buildings[6].code, self.buildings[7].code), self.now)
        relay.run(self.app, {OutboxKind.ISSUE_EVENT: issues.TellOfMove()})
        with database.transaction():
            self._review()

    def actor(self, username: str, at: datetime) -> Actor:
        """One of the demonstration's people, with the rights they had at that moment."""
        return access.actor_for(self.people[username], at)

    def _not_after_now(self, moment: datetime) -> datetime:
        return min(moment, self.now)

    def _places(self, at: datetime) -> None:
        table = io.StringIO()
        writer = csv.writer(table)
        writer.writerow(["kind", "code", "name", "parent"])
        writer.writerows(PLACES)
        place_service.import_table(io.BytesIO(table.getvalue().encode()), "demo.csv", at, actor=None, dry_run=False)

    def _people(self, at: datetime) -> None:
        for username, name, role, place in STAFF:
            person_id = identity.create_staff(name, username, PASSWORD, at)
            heads.appoint_by_operator(person_id, role, place, at)
            self.people[username] = person_id
        whistles.register("demo", at)
        for username, name, department in whistles.STAFF:
            self.people[username] = identity.create_staff(name, username, PASSWORD, at)
            heads.appoint_by_operator(self.people[username], Role.DEPARTMENT, "demo", at, department=department)
        community = places.community_by_code(COMMUNITY)
        assert community is not None
        buildings = places.buildings_of(community.id)
        codes = places.live_codes(b.id for b in buildings)
        for building in buildings:
            number = next(n for n in range(1, 9) if building.code.endswith(f"b{n}"))
            self.buildings[number] = Building(number, building.public_id, codes[building.id])

    def _households(self, at: datetime) -> None:
        for number in range(1, 8):
            head = self.actor(f"louzhang{number}", at)
            for door, tenancy, residents in HOUSEHOLDS:
                people = [
                    households.NewResident(name, phone, relation, is_contact=position == 0)
                    for position, (name, phone, relation) in enumerate(residents)
                ]
                households.register(head, self.buildings[number].id, "", door, tenancy, people, at)

    def _month(self, month: Month) -> None:
        start, end = bounds(month)
        for number, stories in HAPPENED.items():
            for position, story in enumerate(stories):
                self._story(number, story, start + timedelta(days=2 + 5 * position, hours=2 + number))
        last_days = self._not_after_now(end - timedelta(days=2))
        for number, (stairwell, safety, care, neighbours) in STARS.items():
            inspector = self.actor("wangge" if number <= 4 else "wangge2", last_days)
            sheet = surveys.Sheet(stairwell, safety, care, neighbours, "")
            surveys.write(inspector, month, self.buildings[number].id, sheet, [], None, last_days)
        self._duties(last_days)

    def _duties(self, at: datetime) -> None:
        items = duty_queries.items()
        clerk = self.actor("shequ", at)
        for number in range(1, 8):
            head = self.actor(f"louzhang{number}", at)
            for item in items[: number % 5]:
                done_on = (at - timedelta(days=3)).date()
                record = duties.submit(head, item.id, done_on, "已完成，居民知道情况", None, [], at)
                duties.decide(clerk, record.id, DutyState.ACCEPTED, "", at)

    def _story(self, number: int, story: int, at: datetime) -> None:
        category, words, spot, done, answers = STORIES[story]
        reported = issues.report_by_code(self.buildings[number].code, Report(category, words, spot), at)
        worker, permission = self._worker(number)
        for move, text, later in ((Move.ACCEPT, "", 3), (Move.START, "", 20), (Move.RESOLVE, done, 30)):
            moment = at + timedelta(hours=later)
            actor = self.actor(worker, moment)
            wish = Wish(self._details(move, text), photo_ids=self._shown(actor, reported.id, move, moment))
            issues.move_as_staff(actor, permission[move], reported.id, move, wish, moment)
        if answers is not None:
            self._answer(reported.claim_code, answers, at + timedelta(hours=40))

    @staticmethod
    def _shown(actor: Actor, issue: str, move: Move, at: datetime) -> list[str]:
        """A picture of what was done, where the rule book asks for one."""
        if move is not Move.RESOLVE or not issue_queries.for_staff(actor, issue).hands.photo_required:
            return []
        picture = io.BytesIO()
        Image.new("RGB", (640, 480), (203, 213, 200)).save(picture, "JPEG")
        picture.seek(0)
        return [photos.keep(picture, PhotoUse.DONE, actor.person_id, at).id]

    @staticmethod
    def _details(move: Move, text: str) -> Details:
        return Details(text=text, done_by="物业维修师傅" if move is Move.RESOLVE else "")

    def _worker(self, number: int) -> tuple[str, dict[Move, Permission]]:
        rights = {
            Move.ACCEPT: Permission.ISSUE_ACCEPT,
            Move.START: Permission.ISSUE_START,
            Move.RESOLVE: Permission.ISSUE_RESOLVE,
            Move.PASS_UP: Permission.ISSUE_PASS_UP,
        }
        return (f"louzhang{number}" if number < 8 else "wangge2"), rights

    @staticmethod
    def _answer(claim: str, answers: Answers, at: datetime) -> None:
        assert answers is not None
        contacted, solved, satisfaction = answers
        details = Details(contacted=contacted, solved=solved, satisfaction=satisfaction)
        issues.move_as_reporter(issue_queries.lock_claimed(claim), Move.RATE, details, at)

    def _publish(self, month: Month) -> None:
        """Open the notice on the 1st, seal it by a second person when it is over, publish."""
        opened = bounds(month)[1] + timedelta(hours=10)
        later = self._not_after_now(opened + timedelta(days=16))
        community = places.community_by_code(COMMUNITY)
        assert community is not None
        for username, step, at in (
            ("shequ", scores.open_notice, opened),
            ("shequ2", scores.seal, later),
            ("shequ2", scores.publish, later),
        ):
            with database.transaction():
                step(self.actor(username, at), month, community.public_id, at)

    def _open_issues(self) -> None:
        """What is on the table today."""
        for hours, (number, category, words, far) in enumerate(OPEN, 2):
            at = self.now - timedelta(hours=hours)
            reported = issues.report_by_code(self.buildings[number].code, Report(category, words), at)
            worker, rights = self._worker(number)
            actor = self.actor(worker, at)
            steps = {
                "reported": [],
                "accepted": [Move.ACCEPT],
                "in_progress": [Move.ACCEPT, Move.START],
                "passed_up": [Move.ACCEPT, Move.PASS_UP],
            }[far]
            for move in steps:
                text = "要动主管道，楼里办不了" if move is Move.PASS_UP else ""
                issues.move_as_staff(actor, rights[move], reported.id, move, Wish(Details(text=text)), at)

    def _review(self) -> None:
        """The clerk has let neighbours read what was written, but for two reports that still wait for her."""
        clerk = self.actor("shequ", self.now)
        queued: list[moderation_queries.CheckView] = []
        cursor = None
        while True:
            page = moderation_queries.checks(clerk, CheckState.QUEUED, cursor, paging.MOST)
            queued += page.items
            cursor = page.next_cursor
            if cursor is None:
                break
        unread = {words for number, _, words, _ in OPEN if number in UNREAD}
        for check in queued:
            if check.text not in unread:
                moderation.decide(clerk, check.id, check.version, True, "", self.now)


def addresses(public_url: str) -> list[str]:
    """Where to click, for whoever started the demonstration."""
    community = places.community_by_code(COMMUNITY)
    lines = [f"office console     {public_url}/console"]
    if community is not None:
        first = places.buildings_of(community.id)[0]
        code = places.live_codes([first.id]).get(first.id)
        if code:
            lines.append(f"a resident's page  {public_url}/q/{code}   ({first.name})")
    lines.append(f"API                {public_url}/docs")
    if community is not None:
        shown = [(u, r, n) for u, n, r, _ in STAFF if r is not Role.HEAD or u == "louzhang1"]
        lines.append(f"demo sign-ins      password {PASSWORD}")
        lines += [f"  {username:<10} {role.zh} {name}" for username, role, name in shown]
        lines += [f"  {username:<10} {department} {name}" for username, name, department in whistles.STAFF]
    return lines
