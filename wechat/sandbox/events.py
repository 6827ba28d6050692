"""The events WeChat tells an app, in its own words: agreements to messages, withdrawals, closed accounts, verdicts.

In the events about a person's data `FromUserName` is the platform; `OpenID` says whom it is about.
"""

from collections.abc import Mapping, Sequence
from typing import Any

REVOKE, CANCEL, MODIFIED = "user_authorization_revoke", "user_authorization_cancellation", "user_info_modified"
POPUP, CHANGE, SENT = "subscribe_msg_popup_event", "subscribe_msg_change_event", "subscribe_msg_sent_event"
MEDIA_CHECK = "wxa_media_check"
PLATFORM = "oPlatform-pushing-service_001"


def popup(answers: Mapping[str, str]) -> dict[str, Any]:
    """Answers of the dialog by template: accept or reject."""
    return _listed(
        [{"TemplateId": id, "SubscribeStatusString": said, "PopupScene": "0"} for id, said in answers.items()]
    )


def change(templates: Sequence[str]) -> dict[str, Any]:
    """Templates switched off in the settings."""
    return _listed([{"TemplateId": id, "SubscribeStatusString": "reject"} for id in templates])


def sent(template: str, msgid: str, error: int = 0, status: str = "success") -> dict[str, Any]:
    """What became of a message after the call had succeeded."""
    return _listed([{"TemplateId": template, "MsgID": msgid, "ErrorCode": str(error), "ErrorStatus": status}])


def about_person(appid: str, openid: str, revoked: Sequence[int] = ()) -> dict[str, Any]:
    """Whose data it is about; `revoked` are the kinds withdrawn (8: the phone number)."""
    told = {"OpenID": openid, "AppID": appid}
    return told | {"RevokeInfo": ",".join(map(str, revoked))} if revoked else told


def verdict(appid: str, trace: str, suggest: str, label: int, errcode: int = 0) -> dict[str, Any]:
    """What the check of a picture found. -1008: it could not be fetched, and there is no result."""
    told = {"appid": appid, "trace_id": trace, "version": 2, "errcode": errcode}
    if errcode:
        return told | {"errmsg": "download failed" if errcode == -1008 else "system error", "detail": []}
    detail = {"strategy": "content_model", "errcode": 0, "suggest": suggest, "label": label, "prob": 90}
    return told | {"errmsg": "ok", "detail": [detail], "result": {"suggest": suggest, "label": label}}


def _listed(entries: list[dict[str, str]]) -> dict[str, Any]:
    """In JSON `List` is the one entry itself, or an array of several."""
    return {"List": entries[0] if len(entries) == 1 else entries}
