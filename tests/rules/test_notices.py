from server.rules.notices import score_message


def test_a_ranked_building_hears_its_points_its_place_and_how_to_climb() -> None:
    title, body = score_message("3栋", 202610, 85_714, 3, 28, True, "哪个方面多得1颗星，这一项就多1.5分。")
    assert title == "2026年10月得分：85.714分"
    assert body == (
        "3栋2026年10月得85.714分，在参与排名的28栋楼里排第3名。"
        "想再提高：哪个方面多得1颗星，这一项就多1.5分。点开可以看每一项是怎么算出来的。"
    )


def test_thin_data_are_not_a_bad_score() -> None:
    title, body = score_message("3栋", 202610, 0, None, 28, False)
    assert title == "2026年10月：数据不足，不参与排名"
    assert body == "3栋2026年10月的数据还不够，不参与排名，也不算末位。点开可以看每一项是怎么算出来的。"
    assert "0分" not in title + body


def test_without_a_hint_nothing_is_urged() -> None:
    assert "想再提高" not in score_message("3栋", 202610, 100_000, 1, 28, True).body
