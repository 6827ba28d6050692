"""The templates file: one clear line at the start for whatever is wrong in it."""

from pathlib import Path
from typing import Any

import pytest

from models.enums import MessageKind
from server.config import SettingsError
from server.notices.templates import parse, read

GOOD: dict[str, Any] = {
    "new_issue": {"template": "abc", "long_term": True, "fields": {"thing1": "building"}, "page": "pages/issue?id={id}"}
}


def broken(**changes: Any) -> dict[str, Any]:
    return {"new_issue": {**GOOD["new_issue"], **changes}}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([], "must be an object"),
        ({"gossip": {}}, "gossip: no such kind of message"),
        ({"new_issue": []}, "new_issue: must be an object of"),
        (broken(colour="red"), "new_issue: colour is not one of"),
        (broken(template=""), "new_issue: template must be"),
        (broken(long_term="yes"), "new_issue: long_term must be"),
        (broken(page="/pages/x"), "new_issue: page must be"),
        (broken(fields={}), "new_issue: fields must map"),
        (broken(fields={"thing1": 1}), "new_issue: fields must map"),
        (broken(fields={"phrase2": "time"}), "new_issue: phrase2 cannot show"),
        (
            {**GOOD, "passed_up": {**GOOD["new_issue"], "long_term": False}},
            "passed_up: the same template is long-term in one entry",
        ),
    ],
)
def test_what_is_wrong_is_named_in_one_line(content: Any, words: str) -> None:
    with pytest.raises(SettingsError) as raised:
        parse(content, "T")
    assert str(raised.value).startswith(f"T: {words}")
    assert "\n" not in str(raised.value)


def test_a_file_is_read_and_none_means_inbox_only(tmp_path: Path) -> None:
    assert read(None) == {}
    file = tmp_path / "templates.json"
    with pytest.raises(SettingsError, match=r"cannot read .*templates\.json: No such file"):
        read(file)
    file.write_text("{")
    with pytest.raises(SettingsError, match=r"templates\.json is not JSON"):
        read(file)
    file.write_text('{"notice": {"template": "x", "fields": {"thing1": "sender"}}}')
    assert read(file)[MessageKind.NOTICE].long_term is False
