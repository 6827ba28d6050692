"""Which pages the published mini-program has. Until somebody lists them, every well-formed page counts as published."""

from typing import Any

from wechat.sandbox.world import Room, World


class Pages(Room):
    """The list of app.json."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.published: list[str] = []
        self.site = ""
        """The product's page for a scene, such as `http://127.0.0.1:8000/q/{scene}`: where a scan leads without a phone."""

    def publish(self, *pages: str) -> None:
        with self.world.lock:
            self.published = [page.strip().lstrip("/") for page in pages if page.strip()]

    def knows(self, page: str) -> bool:
        """Whether this page exists. A leading slash is no page."""
        return not page.startswith("/") and (not self.published or page in self.published)

    def dump(self) -> dict[str, Any]:
        return {"published": self.published, "site": self.site}

    def load(self, kept: dict[str, Any]) -> None:
        self.published, self.site = [str(page) for page in kept["published"]], str(kept["site"])
