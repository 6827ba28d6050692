"""What a rule book must be like to be used: every fault as a sentence that names where it is."""

import re
from collections.abc import Iterable, Iterator

from models.enums import IssueCategory
from server.rules.book import FIRST_LEVELS, QUESTIONS_MOST, Ask, Emergency, Kind, Question, RuleBook, Topic

KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
PHONE = re.compile(r"[0-9+() -]{3,20}")
TOPICS_MOST = 12  # under one category: more is no choice, and the page of a code must stay light
TOPICS_IN_ALL = 120
WRITTEN_MOST = 40  # questions answered by writing, in all: each is a field of every form
WORDS_MOST = 40
HELPERS_MOST = 3
QUESTIONS_IN_ALL = 100  # each is a field of every form, and a form of ours has at most 200
OPTIONS = range(2, 9)


def faults(book: RuleBook) -> list[str]:
    """Everything wrong with the book, in its order; none: it can be used."""
    return [
        *_kinds(book),
        *(f"小类“{t.name or t.key}”：{what}" for t in book.topics for what in _topic(book, t)),
        *_together(book),
        *(f"紧急情况“{e.name or e.key}”：{what}" for e in book.emergencies for what in _emergency(e)),
        *_words("没有发生的说法", book.hedges),
        *_words("加急的词", book.urgent_words),
        *_words("算大事的词", book.big_words),
        *_clocks(book),
    ]


def _kinds(book: RuleBook) -> Iterator[str]:
    named = [kind.category for kind in book.kinds]
    for category in IssueCategory:
        if named.count(category) != 1:
            yield f"类别“{category.value}”（{category.zh}）应当正好写一次"
    for kind in book.kinds:
        yield from (f"类别“{kind.category.zh}”：{what}" for what in _kind(kind))
    names = [kind.name for kind in book.kinds]
    yield from (f"有两个类别都叫“{name}”" for name in sorted({n for n in names if names.count(n) > 1}))


def _kind(kind: Kind) -> Iterator[str]:
    yield from _text("名称", kind.name, 1, 12)
    yield from _words("联想的词", kind.words)
    if kind.category is IssueCategory.OTHER and not kind.on:
        yield "不能停用，说不清的事要有地方报"


def _topic(book: RuleBook, topic: Topic) -> Iterator[str]:
    if not KEY.fullmatch(topic.key):
        yield "代号要用小写字母开头，只用小写字母、数字和下划线，最多40个"
    yield from _text("名称", topic.name, 1, 20)
    yield from _words("联想的词", topic.words)
    yield from _text("部门", topic.department, 0, 40)
    if len(topic.responsible) > 6:
        yield "负责单位的建议最多6个"
    for name in topic.responsible:
        yield from _text("负责单位", name, 1, 80)
    if topic.first not in FIRST_LEVELS:
        yield f"先由谁办只能是：{'、'.join(level.zh for level in FIRST_LEVELS)}；部门由社区吹哨"
    if topic.emergency and book.emergency(topic.emergency) is None:
        yield "选的紧急情况不在规则里"
    if len(topic.questions) > QUESTIONS_MOST:
        yield f"最多问{QUESTIONS_MOST}个问题"
    for n, question in enumerate(topic.questions, 1):
        yield from (f"第{n}个问题{what}" for what in _question(question))
    asked = [question.text for question in topic.questions]
    if len(set(asked)) < len(asked):
        yield "有两个问题一样"
    if len(topic.helpers) > HELPERS_MOST:
        yield f"帮手最多{HELPERS_MOST}个"
    for helper in topic.helpers:
        yield from _text("帮手的名称", helper.name, 1, 40)
        yield from _text("帮手能做什么", helper.what, 0, 60)
        if helper.phone and not PHONE.fullmatch(helper.phone):
            yield "帮手的电话只能是数字、空格、括号和横线"


def _question(question: Question) -> Iterator[str]:
    yield from _text("", question.text, 1, 40)
    if question.ask is not Ask.CHOICE:
        if question.options:
            yield "不是选择题，不要写选项"
        return
    if len(question.options) not in OPTIONS:
        yield "的选项应有2到8个"
    if len(set(question.options)) < len(question.options):
        yield "有两个选项一样"
    for option in question.options:
        yield from _text("的选项", option, 1, 20)


def _together(book: RuleBook) -> Iterator[str]:
    keys = [topic.key for topic in book.topics]
    yield from (f"小类的代号“{key}”用了两次" for key in sorted({k for k in keys if keys.count(k) > 1}))
    for kind in book.kinds:
        topics = book.topics_of(kind.category)
        if len(topics) > TOPICS_MOST:
            yield f"类别“{kind.name}”下最多{TOPICS_MOST}个小类"
        names = [topic.name for topic in topics]
        yield from (f"类别“{kind.name}”下有两个“{name}”" for name in sorted({n for n in names if names.count(n) > 1}))
    if len(book.topics) > TOPICS_IN_ALL:
        yield f"小类一共最多{TOPICS_IN_ALL}个（停用的也算）"
    written = sum(q.ask in (Ask.NUMBER, Ask.TEXT) for t in book.topics if t.on for q in t.questions)
    if written > WRITTEN_MOST:
        yield f"要填数字或写字的问题一共最多{WRITTEN_MOST}个，其余请改成选择"
    if sum(len(t.questions) for t in book.topics if t.on) > QUESTIONS_IN_ALL:
        yield f"问题一共最多{QUESTIONS_IN_ALL}个，扫码打开的页面才不会太重"
    keys = [one.key for one in book.emergencies]
    yield from (f"紧急情况的代号“{key}”用了两次" for key in sorted({k for k in keys if keys.count(k) > 1}))


def _emergency(emergency: Emergency) -> Iterator[str]:
    if not KEY.fullmatch(emergency.key):
        yield "代号要用小写字母开头，只用小写字母、数字和下划线，最多40个"
    yield from _text("名称", emergency.name, 1, 20)
    yield from _text("要说的话", emergency.sentence, 1, 120)
    if not PHONE.fullmatch(emergency.number):
        yield "号码要是能拨的电话"
    if not emergency.words:
        yield "至少写一个词"
    yield from _words("词", emergency.words)
    yield from _words("不算的说法", emergency.unless)


def _words(what: str, words: Iterable[str]) -> Iterator[str]:
    said = list(words)
    if len(said) > WORDS_MOST:
        yield f"{what}最多{WORDS_MOST}个"
    for word in said:
        if not 1 <= len(word) <= 20 or not word.isprintable() or "" in (part.strip() for part in word.split("+")):
            yield f"{what}：每个1到20个字，用“+”连的两边都要有字"
            return
        if len(word) == 1:
            yield f"{what}：“{word}”只有一个字，太容易误会"


def _text(what: str, text: str, least: int, most: int) -> Iterator[str]:
    if not least <= len(text) <= most or (text and not text.strip()):
        yield f"{what}应有{least}到{most}个字" if least else f"{what}最多{most}个字"
    if not text.isprintable():
        yield f"{what}里有看不见的字符"


def _clocks(book: RuleBook) -> Iterator[str]:
    for of in book.clocks:
        for clocks, zh in ((of.ordinary, "一般"), (of.hurried, "紧急")):
            if None in (clocks.sign_in, clocks.contact, clocks.report):
                yield f"{of.level.zh}的时限（{zh}）：签收、联系、办结三项都要写"
    if not 1 <= book.follow_up_days <= 60:
        yield "私事几天后回访，应在1到60天之间"
