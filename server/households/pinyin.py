"""Finding a Chinese name by what is typed on a Latin keyboard: "zxm", "zhangxm" and "zhang" all find 张小明.

Every reading of a character counts, so 曾 is found as "z" and "c", 单 as "s", "d" and "c". Only readings of single
characters are kept in memory, never a name.
"""

import json
import re
import unicodedata
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

# Readings used in surnames only, which the dictionary of single characters leaves out.
_SURNAMES = {"黑": ("he",), "谌": ("shen",), "秘": ("bi",), "祭": ("zhai",), "费": ("bi",), "会": ("gui",)}
_LETTERS = re.compile(r"[a-z]+")


def typed_letters(query: str) -> str | None:
    """The letters of a query that is letters only ("Zhang xm" → "zhangxm"), else None."""
    letters = "".join(query.casefold().replace("ü", "v").replace("'", "").split())
    return letters if _LETTERS.fullmatch(letters) else None


def begins(name: str, letters: str) -> bool:
    """Whether the name, read aloud, begins with these letters, each character by all or the first few of its own."""
    # All the ways at once: tried one after the other, 喔喔喔… asked for by "wowowo…" takes seconds a name.
    reached = {0}
    for sign in name:
        if len(letters) in reached:
            return True
        reached = {begun + taken for begun in reached for taken in _taken(sign, letters[begun:])}
    return len(letters) in reached


def _taken(sign: str, letters: str) -> set[int]:
    """How many of the letters this character may account for. What has no reading (a middle dot) takes none."""
    lengths: set[int] = set()
    for reading in readings(sign):
        for length in range(1, len(reading) + 1):
            if letters[:length] != reading[:length]:
                break
            lengths.add(length)
    return lengths if readings(sign) else {0}


@lru_cache(maxsize=8192)
def readings(sign: str) -> tuple[str, ...]:
    """How a character is read, without tones: 曾 → ("ceng", "zeng"); a Latin letter is read as itself."""
    plain = unicodedata.normalize("NFD", sign)[:1].casefold()
    if "a" <= plain <= "z":
        return (plain,)
    found = {_toneless(reading) for reading in _dictionary().get(str(ord(sign)), "").split(",") if reading}
    found |= {reading.replace("v", "u") for reading in found if "v" in reading}  # 吕 is typed lv and lu
    return tuple(sorted({*found, *_SURNAMES.get(sign, ())}))


def _toneless(reading: str) -> str:
    spelled = unicodedata.normalize("NFD", reading).replace("u\u0308", "v")
    return "".join(sign for sign in spelled if "a" <= sign <= "z")


@cache
def _dictionary() -> dict[str, str]:
    """pypinyin's readings of single characters: 12 MB. Importing the package would load its phrases too: 57 MB."""
    spec = find_spec("pypinyin")
    assert spec is not None
    assert spec.origin is not None
    found: dict[str, str] = json.loads(Path(spec.origin).with_name("pinyin_dict.json").read_text(encoding="utf-8"))
    return found
