"""What neighbours may read of a text that passed: no door, no number, never more than sixty characters."""

import pytest

from models.enums import IssueCategory
from server.rules import publicity
from server.rules.publicity import EXCERPT, Publicity

C, P = IssueCategory, Publicity


def test_every_category_says_how_much_is_shown() -> None:
    shown = {category: publicity.publicity(category) for category in IssueCategory}
    assert {c for c, p in shown.items() if p is P.NOTHING} == {C.NEIGHBOUR, C.CARE, C.ERRAND}
    assert {c for c, p in shown.items() if p is P.CATEGORY} == {C.NOISE, C.PETS}
    assert set(publicity.LISTED) == {c for c, p in shown.items() if p is not P.NOTHING}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("三楼到四楼的灯坏了两天", "三楼到四楼的灯坏了两天"),
        ("2单元3楼漏水，2026年就报过", "2单元3楼漏水，2026年就报过"),
        ("换个水表要500元", "换个水表要500元"),
        ("打13812345678找我", "打＊＊＊找我"),
        ("打138 1234 5678找我", "打＊＊＊找我"),
        ("打138.1234.5678找我", "打＊＊＊找我"),
        ("打１３８１２３４５６７８找我", "打＊＊＊找我"),
        ("打幺三八零零幺三八零零零找我", "打＊＊＊找我"),
        ("打⑴⑶⑧①②③④⑤⑥⑦⑧，找我", "打＊＊＊，找我"),
        ("打1️⃣3️⃣8️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣8️⃣找我", "打＊＊＊找我"),
        ("打1\u200b3\u200b8\u200b12345678找我", "打＊＊＊找我"),
        ("打壹叁捌零零壹叁捌零零零找我", "打＊＊＊找我"),
        ("打138/1234/5678找我", "打＊＊＊找我"),
        ("打1/3/8/1/2/3/4/5/6/7/8找我", "打＊＊＊找我"),
        ("我住1 2 0 1漏水", "我住＊＊＊漏水"),
        ("座机6512 3456", "座机＊＊＊"),
        ("1234567", "＊＊＊"),
        ("302室漏水", "＊＊＊室漏水"),
        ("3-2-301漏水", "＊＊＊漏水"),
        ("1单元A302漏水", "1单元＊＊＊漏水"),
        ("三零二漏水", "＊＊＊漏水"),
        ("二单元五室的水管", "二单元＊＊＊室的水管"),
        ("第一行\n第二行\t完", "第一行 第二行 完"),
        ("", ""),
    ],
)
def test_doors_and_numbers_are_masked(text: str, shown: str) -> None:
    assert publicity.excerpt(text) == shown


@pytest.mark.parametrize("length", [0, 1, 59, 60, 61, 4000])
def test_an_excerpt_is_at_most_sixty_characters(length: int) -> None:
    shown = publicity.excerpt("灯" * length)
    assert len(shown) == min(length, EXCERPT)
    assert shown.endswith("…") == (length > EXCERPT)


@pytest.mark.parametrize("before", range(48, 62))
def test_a_number_across_the_cut_is_not_half_shown(before: int) -> None:
    shown = publicity.excerpt("灯" * before + "13812345678" + "坏" * 20)
    assert not any(c.isdigit() for c in shown)


@pytest.mark.parametrize(
    ("spot", "shown"),
    [
        ("2单元3楼", "2单元3楼"),
        ("电梯里", "电梯里"),
        ("楼道", "楼道"),
        ("302", ""),
        ("3-2", ""),
        ("３０２", ""),
        ("3单元5室", ""),
        ("3 0 2", ""),
        ("3\u200b0\u200b2", ""),
        ("3️⃣0️⃣2️⃣", ""),
        ("三零二", ""),
        ("王阿姨家", ""),
        ("我家隔壁", ""),
        ("楼上那户", ""),
        ("打13812345678", ""),
        ("", ""),
    ],
)
def test_a_spot_that_points_at_a_flat_is_not_shown(spot: str, shown: str) -> None:
    assert publicity.public_spot(spot) == shown
