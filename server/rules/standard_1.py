"""The words of rule set `standard-1`, version 1 on: each score line told so that it can be checked with a calculator.

Every renderer takes (facts by name, points, weight, thin), thousandths where points are meant. The last step reads
"得分：… = …分"; its left side is exact and its right side is rounded once (a test reckons it again).
"""

from server.rules.amounts import round_half_up, show_percent, show_points
from server.rules.decision import Explanation
from server.rules.line_facts import MISSING_BITS
from server.rules.rule_sets import FULL

_ALL_MISSING = sum(MISSING_BITS.values())


def survey(f: dict[str, int], points: int, weight: int, thin: bool) -> Explanation:
    """居民测评."""
    ballots, prior = f["ballots"], f["prior"]
    needed = max(f["min_ballots"], -(-f["eligible"] * f["min_percent"] // 100))
    if thin and not f["eligible"]:
        more = "不用做什么；社区开展测评以后再计分。"
        return Explanation(f"本月没有开展居民测评。{thin_note(f)}", more, ["没有开展。"])
    if thin:
        why = f"本月收到有效测评票{ballots}张，至少要{needed}张才计分"
        share = f"应发{f['eligible']}张票的{f['min_percent']}%，并且不少于{f['min_ballots']}张"
        more = f"再多收到{max(needed - ballots, 1)}张测评票，这一项就参加计分。票是居民自愿填的，请不要催。"
        return Explanation(f"{why}（{share}）。{thin_note(f)}", more, [f"{ballots}张，不到{needed}张。"])
    got, of, all_got, all_of = f["got"], f["of"], f["community_got"], f["community_of"]
    own, mean = f"{ballots} × {got} ÷ {of}", f"{prior} × {all_got} ÷ {all_of}"
    share_num, share_den = ballots * got * all_of + prior * all_got * of, of * all_of * (ballots + prior)
    steps = [
        f"本楼{ballots}张票，合计{got}分，满分{of}分，平均{show_percent(got, of, 2)}。",
        f"全社区合计{all_got}分，满分{all_of}分，平均{show_percent(all_got, all_of, 2)}。",
        f"票少的时候，一两张票就会让分数大起大落，所以每栋楼都另加{prior}张“全社区平均”的票一起算："
        f"({own} + {mean}) ÷ {ballots + prior} ≈ {show_percent(share_num, share_den, 2)}。",
        *moved(f, weight),
        total_step(f"{worth(f)} × ({own} + {mean}) ÷ {ballots + prior}", points),
    ]
    reason = f"本月有{ballots}张有效测评票，平均打了{show_percent(got, of)}的分。{scored(points, weight)}"
    if got == of:
        return Explanation(reason, best_already(points, weight, "测评票"), steps)
    gain = round_half_up(f["base_weight"] * FULL * ballots, f["weight_with_data"] * (ballots + prior) * 100)
    more = f"本楼的平均每提高1个百分点，这一项大约多{show_points(gain)}分。先看居民打分低的是哪几条。"
    return Explanation(reason, more, steps)


def star_book(f: dict[str, int], points: int, weight: int, thin: bool) -> Explanation:
    """星级评定."""
    if thin:
        more = "请社区本月安排一次检查，登记以后这一项就参加计分。"
        return Explanation(f"社区本月没有登记本楼的检查。{thin_note(f)}", more, ["检查0次。"])
    times, got, of = f["inspections"], f["got"], f["of"]
    steps = [
        f"检查{times}次，各方面的星加起来{got}颗，满分{of}颗。",
        "检查看的是整栋楼，不是抽几户，所以不用另加全社区的平均。",
        *moved(f, weight),
        total_step(f"{worth(f)} × {got} ÷ {of}", points),
    ]
    reason = f"社区本月检查{times}次，得{got}颗星（满分{of}颗）。{scored(points, weight)}"
    if got == of:
        return Explanation(reason, "这一项已经拿满，保持就好。", steps)
    gain = show_points(round_half_up(f["base_weight"] * FULL, f["weight_with_data"] * of))
    return Explanation(reason, f"哪个方面多得1颗星，这一项就多{gain}分；星少的方面见检查记录。", steps)


def duties(f: dict[str, int], points: int, weight: int, thin: bool) -> Explanation:
    """履职记录."""
    done, full = f["duties"], f["full"]
    if thin:
        return Explanation(
            f"本月全社区都没有使用履职记录。{thin_note(f)}",
            "不用做什么；社区开始使用履职记录以后再计分。",
            ["没有使用。"],
        )
    counted = min(done, full)
    steps = [
        f"已核实{done}条，满{full}条就拿满，超过的不再加分。",
        *moved(f, weight),
        total_step(f"{worth(f)} × {counted} ÷ {full}", points),
    ]
    reason = f"本月有{done}条已核实的履职记录，满{full}条拿满。{scored(points, weight)}"
    if done >= full:
        return Explanation(reason, "这一项已经拿满，不用再多记。", steps)
    gain = show_points(round_half_up(f["base_weight"] * FULL, f["weight_with_data"] * full))
    return Explanation(reason, f"再有1条核实的履职记录，这一项多{gain}分。做了什么就记什么，不用为凑数去记。", steps)


def deduction(f: dict[str, int], points: int, _weight: int, _thin: bool) -> Explanation:
    """扣分."""
    asked, cap, earned = f["deductions"], f["cap"], f["earned"]
    limits = ""
    if asked > cap:
        limits += f"一个月最多扣{show_points(cap)}分。"
    if min(asked, cap) > earned:
        limits += f"其他各项一共得{show_points(earned)}分，扣到0分为止。"
    told = f"各笔扣分合计{show_points(asked)}分。"
    steps = [told + limits, f"得分：0 - {show_points(-points)} = {show_points(points)}分"]
    reason = f"本月{told}{limits}每一笔的理由和依据附在后面。"
    return Explanation(reason, "对哪一笔有疑问，请在公示期间提出申诉；申诉成立，扣掉的分会补回来。", steps)


def scored(points: int, weight: int) -> str:
    """The closing sentence of a reason: full marks and points, both in thousandths."""
    return f"这一项满分{show_points(weight)}分，得{show_points(points)}分。"


def total_step(formula: str, points: int) -> str:
    """The last step: the whole sum in one formula, and the points (thousandths) it rounds to."""
    return f"得分：{formula} = {show_points(points)}分（保留三位小数，只在这一步四舍五入）"


def worth(f: dict[str, int]) -> str:
    """The weight after moving, exactly, as a product to begin a formula with."""
    base, with_data = show_points(f["base_weight"]), show_points(f["weight_with_data"])
    return base if f["weight_with_data"] == FULL else f"{base} ÷ {with_data} × 100"


def _missing(f: dict[str, int]) -> str:
    return "".join(f"“{component.zh}”" for component, bit in MISSING_BITS.items() if f["missing"] & bit)


def moved(f: dict[str, int], weight: int) -> list[str]:
    """Why the component weighs more than in the rule set; nothing to say when it does not."""
    if f["weight_with_data"] == FULL:
        return []
    exact = "=" if weight * f["weight_with_data"] == f["base_weight"] * FULL else "≈"
    return [
        f"本月{_missing(f)}没有足够的数据，分值按比例分给有数据的{show_points(f['weight_with_data'])}分，"
        f"所以这一项的满分由{show_points(f['base_weight'])}分变成 {worth(f)} {exact} {show_points(weight)}分。"
    ]


def thin_note(f: dict[str, int]) -> str:
    """What becomes of a component without enough data."""
    if f["missing"] == _ALL_MISSING:
        return "这叫“数据不足”，不是零分；本月各项都是这样，所以没有总分，也不排名。"
    return f"这叫“数据不足”，不是零分：这一项的{show_points(f['base_weight'])}分按比例分给其他有数据的项目。"


def best_already(points: int, weight: int, what: str) -> str:
    """What to say when no answer of the building's own (`what`) could have been better."""
    if points >= weight:
        return "这一项已经拿满，保持就好。"
    return f"本楼的{what}已经都是最好的，还差的一点来自另加的全社区平均；{what}越多，它的影响越小。"
