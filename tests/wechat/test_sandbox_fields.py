"""What fits into which field of a subscribe message."""

import pytest

from wechat.sandbox.fields import fits, kind_of


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("thing1", ["三单元门禁坏了", "a", "字" * 20, "1号楼（东）"], ["字" * 21, "", " ", "换\n行", "制\x07表", "行\u2028分"]),
        ("number2", ["0", "-3", "12.50", "9" * 32], ["9" * 33, "1e5", "１２x", "1.", ""]),
        ("letter3", ["A", "z" * 32], ["z" * 33, "a1", "中"]),
        ("symbol4", ["!", "+-*/%", "￥"], ["!!!!!!", "a", "1"]),
        ("character_string5", ["A-2026/10#1", "x" * 32], ["x" * 33, "楼1", "a\tb"]),
        ("time6", ["09:05", "23:59:59", "2026年10月12日 09:00", "09:00~10:00", "2026-10-12 09:00~2026-10-13 09:00"],
         ["24:00", "9:60", "2026年10月12日", "今天", "09:00~"]),
        ("date7", ["2019年10月1日", "2019年10月1日 15:01", "2018-01-01", "2018/1/1", "2018.01.01", "2026-10-01~2026-10-03"],
         ["2018-13-01", "2018-1-32", "2018-01/01", "10月1日", "2018-01-01T00:00"]),
        ("amount8", ["100", "￥12.5", "¥1", "$3", "9999999999元"], ["99999999999", "12.5.1", "一百"]),
        ("phone_number9", ["13800000000", "+86-0766-66888866"], ["138000000001234567", "一三八"]),
        ("car_number10", ["粤A8Z888", "粤A8Z888挂"], ["粤A8Z888888", "粤A·888"]),
        ("name11", ["张三", "字" * 10, "a" * 20], ["字" * 11, "a" * 21, "张3"]),
        ("phrase12", ["已办结", "字" * 5], ["字" * 6, "done", "办1"]),
    ],
)  # fmt: skip
def test_a_field_takes_what_its_kind_takes(key: str, good: list[str], bad: list[str]) -> None:
    assert [value for value in good if not fits(key, value)] == []
    assert [value for value in bad if fits(key, value)] == []


@pytest.mark.parametrize("key", ["enum1", "enum_string2"])
def test_an_enum_takes_what_is_listed(key: str) -> None:
    assert fits(key, "客厅", ["客厅", "厨房"])
    assert not fits(key, "阳台", ["客厅", "厨房"])


@pytest.mark.parametrize("key", ["thing", "thing_1", "song1", "1", "", "Thing1", "thing1x"])
def test_what_is_no_key(key: str) -> None:
    with pytest.raises(ValueError, match="no key"):
        kind_of(key)
