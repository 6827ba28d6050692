"""What a month needs before it can be scored, put there as if it had been so for a while."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from models import Issue, IssueEvent, ReturnVisit, new_public_id
from models.enums import Channel, IssueCategory, IssueState, Level, Move, Role, Satisfaction
from server.rules.calendar import SHANGHAI
from tests.world import Caller, Spot, World

OCTOBER = "2026-10"
FIRST_OF_NOVEMBER = "2026-11-01T08:00:00+08:00"
NOTICE_OVER = "2026-11-07T00:00:00+08:00"  # five working days after Sunday 1 November: Friday's 24:00
STARS = {"stairwell": 4, "safety": 4, "care": 4, "neighbours": 4}


def at(world: World, moment: str) -> None:
    """Set the clock."""
    world.clock.set(datetime.fromisoformat(moment))


def visits(
    world: World,
    building: Spot,
    count: int,
    *,
    contacted: bool | None = True,
    solved: bool | None = True,
    satisfaction: Satisfaction | None = Satisfaction.SATISFIED,
    month: int = 202610,
    counts: bool = True,
    about_head: bool = False,
    category: IssueCategory = IssueCategory.LIGHTING,
) -> list[str]:
    """Issues of a building with their reporters' answers. Returns the issues' public ids."""
    made = []
    answered = datetime(month // 100, month % 100, 12, 10, 0, tzinfo=SHANGHAI)
    inside = {
        "building_id": building.id,
        "grid_id": building.row.grid_id,
        "community_id": building.row.community_id,
    }
    with world.writing() as connection:
        for _ in range(count):
            public_id = new_public_id()
            issue_id = connection.execute(
                sa.insert(Issue)
                .values(
                    public_id=public_id,
                    category=category,
                    text="三楼的灯不亮。",
                    spot="",
                    channel=Channel.SCAN,
                    state=IssueState.CONFIRMED,
                    level=Level.HEAD,
                    about_head=about_head,
                    reported_at=answered,
                    outcome="已更换灯泡。",
                    responsible="",
                    rework=0,
                    source="",
                    version=3,
                    **inside,
                )
                .returning(Issue.id)
            ).scalar_one()
            connection.execute(
                sa.insert(ReturnVisit).values(
                    issue_id=issue_id,
                    month=month,
                    contacted=contacted,
                    solved=solved,
                    satisfaction=satisfaction,
                    answered_at=answered,
                    counts=counts,
                    **inside,
                )
            )
            made.append(public_id)
    return made


def reopened(world: World, issue: str, moment: str, level: Level = Level.GRID, move: Move = Move.REOPEN) -> None:
    """The reporter said "not yet" at a moment, outright or when rating; the issue is now in the hands of `level`."""
    with world.writing() as connection:
        issue_id = connection.execute(sa.select(Issue.id).where(Issue.public_id == issue)).scalar_one()
        connection.execute(
            sa.insert(IssueEvent).values(
                issue_id=issue_id,
                at=datetime.fromisoformat(moment),
                move=move,
                from_state=IssueState.RESOLVED,
                to_state=IssueState.REOPENED,
                level=level,
                text="还没好",
            )
        )


class Community:
    """A community with two people in its office and buildings of any marks."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.spot = world.community()
        self.grid = world.grid(self.spot)
        self.office = world.staff(Role.COMMUNITY, self.spot)
        self.second = world.staff(Role.COMMUNITY, self.spot)

    def building(self, stars: int | None = 4, answers: int = 5, **answered: Any) -> Spot:
        """A building inspected in October with the same stars in each aspect, and with as many return visits."""
        spot = self.world.building(self.grid)
        if stars is not None:
            self.inspect(spot, dict.fromkeys(STARS, stars))
        if answers:
            visits(self.world, spot, answers, **answered)
        return spot

    def inspect(self, building: Spot, stars: dict[str, int], month: str = OCTOBER) -> None:
        """Put down the office's inspection."""
        made = self.office.put(f"/api/v1/inspections/{month}/{building.public_id}", json=stars)
        assert made.status_code == 201, made.json

    def path(self, move: str = "", month: str = OCTOBER) -> str:
        """The API path of the community's month, or of a move."""
        return f"/api/v1/months/{month}/communities/{self.spot.public_id}" + (f"/{move}" if move else "")

    def move(self, move: str, by: Caller | None = None, month: str = OCTOBER) -> Any:
        """Ask for a move, by the first person of the office unless told otherwise."""
        return (by or self.office).post(self.path(move, month))

    def drafted(self) -> None:
        """The month is over and drafted."""
        at(self.world, FIRST_OF_NOVEMBER)
        assert self.move("close").status_code == 200

    def on_notice(self) -> None:
        """Its public notice is open."""
        self.drafted()
        assert self.move("notice").status_code == 200

    def sealed(self) -> None:
        """Sealed by the second person after the notice."""
        self.on_notice()
        at(self.world, NOTICE_OVER)
        assert self.move("seal", self.second).status_code == 200

    def published(self) -> None:
        """Published."""
        self.sealed()
        assert self.move("publish").status_code == 200

    def ranking(self, by: Caller | None = None) -> list[dict[str, Any]]:
        """The standings of October."""
        found: list[dict[str, Any]] = (by or self.office).get(self.path()).json["standings"]
        return found


def days(count: int) -> timedelta:
    """A stretch of time."""
    return timedelta(days=count)
