"""Names and phones: how they are written, sealed, found and shown.

They are kept sealed beside a keyed blind index, shown masked, and opened one at a time with a reason.
"""

import logging
import re
import unicodedata
from typing import Any

import marshmallow as ma

from server.core import crypto
from server.core.crypto import CannotOpen, Keyring
from server.core.masking import Kind, mask
from server.core.schemas import clean

log = logging.getLogger("louzhang.households")

NAME_LIMIT = 30
PHONE_LIMIT = 30  # as typed, with blanks and brackets
NAME_SEALED, PHONE_SEALED = "residents.name_sealed", "residents.phone_sealed"

_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_LANDLINE = re.compile(r"0(?:10|2[0-9]|[3-9][0-9]{2})[2-9][0-9]{6,7}|[2-9][0-9]{6,7}")
_BETWEEN = re.compile(r"[\s()（）.\-—–－]")
_COUNTRY = re.compile(r"^(?:\+86|0086|86(?=1[3-9][0-9]{9}$))")
_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_HAN_GAP = re.compile(rf"(?<=[{_HAN}]) (?=[{_HAN}])")
_DOTS = str.maketrans(dict.fromkeys("•‧∙⋅・･．", "·"))


def tidy_name(typed: str) -> str:
    """A name as it is kept: "张  三" → "张三", one kind of middle dot. Raises ValidationError."""
    name = _HAN_GAP.sub("", clean(typed).translate(_DOTS))
    if not name:
        raise ma.ValidationError("请填写姓名。")
    if len(name) > NAME_LIMIT:
        raise ma.ValidationError(f"姓名最多 {NAME_LIMIT} 个字。")
    if "*" in name:
        raise ma.ValidationError("这是隐去一部分的姓名，请填写完整的姓名。")
    if not any(sign.isalpha() for sign in name):
        raise ma.ValidationError("姓名里应有文字，请检查是不是填错了格。")
    return name


def tidy_phone(typed: str) -> str | None:
    """A phone as it is kept, digits only: "+86 138-1234-5678" → "13812345678"; empty → None. Raises ValidationError."""
    digits = _COUNTRY.sub("", _BETWEEN.sub("", unicodedata.normalize("NFKC", typed)))
    if not digits:
        return None
    if not _MOBILE.fullmatch(digits) and not _LANDLINE.fullmatch(digits):
        raise ma.ValidationError("电话应为 11 位手机号，或带区号的座机号，如 13812345678、021-62345678。")
    return digits


def name_columns(name: str) -> dict[str, Any]:
    """What the database keeps of a name."""
    return {"name_sealed": crypto.seal(name, NAME_SEALED), "name_index": name_index(name)}


def name_index(name: str) -> bytes:
    """By which equal names find each other."""
    return crypto.blind_index(name.casefold(), "residents.name")


def phone_columns(phone: str | None) -> dict[str, Any]:
    """What the database keeps of a phone."""
    if phone is None:
        return {"phone_sealed": None, "phone_index": None}
    return {"phone_sealed": crypto.seal(phone, PHONE_SEALED), "phone_index": phone_index(phone)}


def phone_index(phone: str) -> bytes:
    """By which equal phones find each other."""
    return crypto.blind_index(phone, "residents.phone")


def opened(ring: Keyring, sealed: bytes | None, field: str) -> str | None:
    """A field in the clear, for searching and masking. One that cannot be opened is told to the log and left out."""
    if sealed is None:
        return None
    try:
        return ring.open(sealed, field)
    except CannotOpen:
        log.error("a sealed field does not open: a key is missing, or the row was changed")
        return None


def masked_name(ring: Keyring, sealed: bytes | None) -> str:
    """张**"""
    return mask(opened(ring, sealed, NAME_SEALED), Kind.NAME) or "*"


def masked_phone(ring: Keyring, sealed: bytes | None) -> str | None:
    """138******78"""
    return mask(opened(ring, sealed, PHONE_SEALED), Kind.PHONE)
