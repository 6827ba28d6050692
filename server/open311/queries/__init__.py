"""Reading for other systems: whose key it is, services, buildings, requests and their updates."""

from server.open311.queries.addresses import Building, addresses, building_of
from server.open311.queries.keys import (
    KINDS,
    Jurisdiction,
    KeyView,
    by_key,
    by_name,
    key,
    key_hash,
    keys,
    places_for_keys,
)
from server.open311.queries.requests import Found, Search, request, requests
from server.open311.queries.services import (
    ABOUT_HEAD,
    BUILDING,
    EXTERNAL_ID,
    Service,
    answers,
    definition,
    service,
    services,
)
from server.open311.queries.updates import latest_update_of, updates

__all__ = [
    "ABOUT_HEAD",
    "BUILDING",
    "EXTERNAL_ID",
    "KINDS",
    "Building",
    "Found",
    "Jurisdiction",
    "KeyView",
    "Search",
    "Service",
    "addresses",
    "answers",
    "building_of",
    "by_key",
    "by_name",
    "definition",
    "key",
    "key_hash",
    "keys",
    "latest_update_of",
    "places_for_keys",
    "request",
    "requests",
    "service",
    "services",
    "updates",
]
