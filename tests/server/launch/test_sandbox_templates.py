"""The templates `server up` gives the sandbox are ones we could send."""

from models.enums import MessageKind
from server.launch.up import TEMPLATES
from server.notices.templates import read
from wechat.sandbox.fields import kind_of


def test_every_kind_but_the_appeal_has_one_that_is_right() -> None:
    templates = read(TEMPLATES)
    assert set(templates) == set(MessageKind) - {MessageKind.APPEAL}  # there is no appeal door yet
    for template in templates.values():
        assert all(kind_of(key) for key in template.fields)
        assert len(template.fields) <= 5  # WeChat's own limit
