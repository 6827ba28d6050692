"""What fits into which field of a subscribe message: the key says the kind, `thing1` is a thing."""

import re
from collections.abc import Callable, Sequence
from unicodedata import category

_CLOCK = r"(?:[01]?\d|2[0-3])[:：][0-5]\d(?:[:：][0-5]\d)?"
_DAY = r"\d{4}(?:年(?:1[0-2]|0?[1-9])月(?:3[01]|[12]\d|0?[1-9])日|([-/.])(?:1[0-2]|0?[1-9])\1(?:3[01]|[12]\d|0?[1-9]))"
_DAY_2 = _DAY.replace(r"\1", r"\2")
_AMOUNT = r"[¥￥$€£]?-?(?P<digits>\d{1,10}(?:\.\d+)?)元?"


def _matches(pattern: str) -> Callable[[str], bool]:
    whole = re.compile(pattern)
    return lambda value: whole.fullmatch(value) is not None


def _moments(one: str, other: str) -> Callable[[str], bool]:
    """One moment, or two with `~` between."""
    return _matches(rf"{one}(?:\s?~\s?{other})?")


def _digits(value: str) -> int:
    return sum(sign.isdigit() for sign in value)


def _name(value: str) -> bool:
    """Ten Chinese characters, or twenty letters and signs; together they count as Chinese."""
    return len(value) <= (20 if value.isascii() else 10) and not any(sign.isdigit() for sign in value)


_FITS: dict[str, Callable[[str], bool]] = {
    "thing": lambda value: len(value) <= 20,
    "number": lambda value: _matches(r"-?\d+(\.\d+)?")(value) and _digits(value) <= 32,
    "letter": _matches(r"[A-Za-z]{1,32}"),
    "symbol": lambda value: len(value) <= 5 and all(category(sign)[0] in "PS" for sign in value),
    "character_string": _matches(r"[ -~]{1,32}"),
    "time": _moments(rf"(?:{_DAY}\s)?{_CLOCK}", rf"(?:{_DAY_2}\s)?{_CLOCK}"),
    "date": _moments(rf"{_DAY}(?:\s{_CLOCK})?", rf"{_DAY_2}(?:\s{_CLOCK})?"),
    "amount": lambda value: _matches(_AMOUNT)(value) and _digits(value) <= 10,
    "phone_number": _matches(r"[-+() \d]{1,17}"),
    "car_number": _matches(r"[A-Za-z0-9\u4e00-\u9fff][A-Za-z0-9]{0,6}[A-Za-z0-9\u4e00-\u9fff]?"),
    "name": _name,
    "phrase": _matches(r"[\u4e00-\u9fff]{1,5}"),
}
KINDS = frozenset({*_FITS, "enum", "enum_string"})


def kind_of(key: str) -> str:
    """The kind of a key such as `thing1`. ValueError when it is none."""
    kind = key.rstrip("0123456789")
    if kind not in KINDS or kind == key:
        raise ValueError(f"{key!r} is no key of a template: a kind and a number, such as thing1")
    return kind


def fits(key: str, value: str, options: Sequence[str] = ()) -> bool:
    """Whether WeChat takes this value for this key; `options` are the listed values of an enum."""
    if not value.strip() or any(category(sign) in ("Cc", "Zl", "Zp") for sign in value):
        return False
    kind = kind_of(key)
    return value in options if kind.startswith("enum") else _FITS[kind](value)
