"""The buildings somebody answers for, to choose from. Street and district stand above thousands: they search."""

from collections.abc import Iterable

from models.enums import PlaceKind
from server.core.access import Actor, Post
from server.places import queries
from server.places.queries import BuildingName
from server.rules.permissions import Permission


def in_care(actor: Actor, permission: Permission) -> list[BuildingName]:
    """The open buildings in which a head, grid worker or community clerk has the permission, in people's order."""
    found: dict[int, BuildingName] = {}
    posts = [post for post in actor.posts_granting(permission) if post.community_id is not None]
    for community_id in dict.fromkeys(post.community_id for post in posts):
        assert community_id is not None
        for building in queries.buildings_of(community_id):
            if building.closed_at is None and any(_covers(post, building) for post in posts):
                found[building.id] = building
    return list(found.values())


def options(actor: Actor, permission: Permission) -> list[tuple[str, str]]:
    """The same as options of a choice."""
    return [(building.public_id, label(building)) for building in in_care(actor, permission)]


def full_names(actor: Actor, permission: Permission, wanted: Iterable[str]) -> dict[str, str]:
    """What to call buildings the actor has been shown: with the estate; for street and district the community too."""
    return named(options(actor, permission), wanted)


def named(known: list[tuple[str, str]], wanted: Iterable[str]) -> dict[str, str]:
    """The same where the options have been read already."""
    found = dict(known)
    missing = set(wanted) - found.keys()
    return found | queries.full_names(missing) if missing else found


def names_inside(wanted: Iterable[str]) -> dict[str, str]:
    """The same on a page that is about one community, whoever reads it."""
    return queries.full_names(wanted, with_community=False)


def label(building: BuildingName) -> str:
    """阳光小区 3栋."""
    return queries.building_label(building.name, building.estate_name)


def _covers(post: Post, building: BuildingName) -> bool:
    match post.kind:
        case PlaceKind.BUILDING:
            return building.id == post.place_id
        case PlaceKind.GRID:
            return building.grid_id == post.place_id
        case _:
            return post.kind is PlaceKind.COMMUNITY
