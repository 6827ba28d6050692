"""Where a report goes, how fast, and why: a rule book applied to a text and a place. It learns nothing; anyone can redo it.

1. The topic is the one chosen; else the one whose words in the text together are longest (those of its opening count three times).
2. Urgent: the topic says so, or one of the book's urgent or emergency words stands in the text.
3. Triage: the topic's; a small matter in which two of the book's big words stand is suggested as big, a private one that
   is an emergency as small.
4. First hands: the head, unless it is about her, there is none, or the topic begins higher.
5. Clocks: the topic's own spans, else those of the level.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from models.enums import IssueCategory, Level, Triage
from server.rules.book import Ask, Emergency, Kind, Question, RuleBook, Topic, clocks_for
from server.rules.calendar import SHANGHAI, WorkCalendar
from server.rules.clocks import Clocks, Dues, OfficeHours, dues
from server.rules.levels import superior
from server.rules.lifecycle import first_level
from server.rules.moves import Step
from server.rules.wording import Reading, plain, weight

OPENING = 40  # characters: people begin with the matter
BIG_WORDS_LEAST = 2
WHY_MOST = 200
TOLD_WORDS = 3


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """What routing needs to know of the building."""

    has_head: bool
    has_grid: bool
    about_head: bool = False


@dataclass(frozen=True, slots=True)
class Guess:
    """What a text speaks of. Without a topic only the category is likely; `words` are those found."""

    kind: Kind
    topic: Topic | None
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Everything the book says about a report. A person decides about triage; the rest holds from the start."""

    category: IssueCategory
    topic: Topic | None
    guessed: bool  # the topic was found in the text, not chosen
    guess: Guess | None  # where another category is likelier than the chosen 其他
    urgent: bool
    urgent_why: str
    emergency: Emergency | None
    emergency_word: str
    triage: Triage
    triage_why: str
    step: Step
    clocks: Clocks
    dues: Dues

    @property
    def clock_at(self) -> datetime | None:
        """When the first of the clocks runs out."""
        return min((at for at in (self.dues.sign_in, self.dues.contact, self.dues.report) if at), default=None)

    @property
    def department(self) -> str:
        """Whom the community would whistle to; "" when the book names nobody."""
        return self.topic.department if self.topic else ""


def suggest(
    book: RuleBook,
    text: str,
    category: IssueCategory | None,
    topic: str,
    place: PlaceFacts,
    now: datetime,
    calendar: WorkCalendar,
) -> Suggestion:
    """Apply the book. `category` None and `topic` "": not chosen. A topic of another category counts as not chosen."""
    reading = Reading(text, book.lexicon)
    chosen = _chosen(book, category, topic)
    guess = None if chosen else _guess(book, reading, category)
    if chosen is None and guess is None and category is IssueCategory.OTHER:
        guess = _guess(book, reading, None)
    if category is None:
        category = chosen.category if chosen else guess.kind.category if guess else IssueCategory.OTHER
    likely = chosen or (guess.topic if guess else None)
    own = likely if likely is not None and likely.category is category else None
    emergency, word = find_emergency(book, text, reading)
    if emergency is None and chosen is not None and chosen.emergency:
        emergency = book.emergency(chosen.emergency)
    urgent_why = _urgent(book, reading, own, emergency, word)
    triage, triage_why = _triage(book, reading, category, likely, guess)
    if emergency is not None and triage is Triage.PRIVATE:  # what may hurt somebody is nobody's private matter
        triage, triage_why = Triage.SMALL, f"{triage_why.rstrip('。')}；但{urgent_why}，先按小事过问。"
    step = _first(place, own)
    clocks = clocks_for(book, own, step.to_level, urgent=bool(urgent_why))
    return Suggestion(
        category=category,
        topic=own,
        guessed=chosen is None and own is not None,
        guess=guess if guess and guess.kind.category is not category else None,
        urgent=bool(urgent_why),
        urgent_why=urgent_why,
        emergency=emergency,
        emergency_word=word,
        triage=triage,
        triage_why=triage_why[:WHY_MOST],
        step=step,
        clocks=clocks,
        dues=dues(clocks, now, calendar, book.hours),
    )


def find_emergency(book: RuleBook, text: str, reading: Reading | None = None) -> tuple[Emergency | None, str]:
    """The emergency a text tells of as happening now, and the word that says so; (None, "") otherwise."""
    reading = reading or Reading(text, book.lexicon)
    for emergency in book.emergencies:
        if word := reading.happening(emergency.words, emergency.unless, book.hedges):
            return emergency, word
    return None, ""


def alarm(book: RuleBook, text: str, topic: str = "") -> Emergency | None:
    """The emergency whose number is to be called first, by the text or else by the chosen topic."""
    found, _ = find_emergency(book, text)
    chosen = book.topic(topic) if topic else None
    return found or (book.emergency(chosen.emergency) if chosen else None)


def _chosen(book: RuleBook, category: IssueCategory | None, key: str) -> Topic | None:
    topic = book.topic(key) if key else None
    if topic is None or not topic.on or (category is not None and topic.category is not category):
        return None
    return topic


def _guess(book: RuleBook, reading: Reading, category: IssueCategory | None) -> Guess | None:
    """The topic whose words weigh most; of equals the one that stands first. Else the category whose own words are there."""
    kinds = book.offered if category is None else (book.kind(category),)
    best: Guess | None = None
    most = 0
    for kind in kinds:
        for topic in book.topics_of(kind.category):
            found = reading.found(topic.words)
            if found and (score := 2 * _score(found, reading)) > most:
                best, most = Guess(kind, topic, tuple(found)), score
    for kind in kinds:
        found = reading.found(kind.words)
        if found and (score := _score(found, reading)) > most:
            best, most = Guess(kind, None, tuple(found)), score
    return best


def _score(found: Iterable[str], reading: Reading) -> int:
    """How much the found words say together; one that is a part of another says nothing more."""
    told = list(found)
    if len(told) > 1:
        told = [word for word in told if not any(word != other and word in other for other in told)]
    return sum(weight(word) * (3 if reading.begins_with(word, OPENING) else 1) for word in told)


def _urgent(book: RuleBook, reading: Reading, topic: Topic | None, emergency: Emergency | None, word: str) -> str:
    if emergency is not None:
        return f"说到“{plain(word)}”" if word else f"属于紧急情况：{emergency.name}"
    if topic is not None and topic.urgent:
        return f"“{topic.name}”按规则加急"
    if found := reading.found(book.urgent_words):
        return f"说到{_quoted(found)}"
    return ""


def _triage(
    book: RuleBook, reading: Reading, category: IssueCategory, topic: Topic | None, guess: Guess | None
) -> tuple[Triage, str]:
    kind = guess.kind if guess and topic is None else book.kind(category)
    triage = topic.triage if topic else kind.triage
    found = f"（说到{_quoted(guess.words)}）" if guess else ""
    named = f"{book.kind(topic.category).name}·{topic.name}" if topic else kind.name
    why = f"“{named}”{found}按规则是{triage.zh}"
    if triage is Triage.SMALL and len(big := reading.found(book.big_words)) >= BIG_WORDS_LEAST:
        return Triage.BIG, f"{why}；但说到{_quoted(big)}，牵涉面大，建议按大事"
    return triage, f"{why}。"


def _first(place: PlaceFacts, topic: Topic | None) -> Step:
    step = first_level(about_head=place.about_head, has_live_head=place.has_head, has_grid=place.has_grid)
    if topic is None or topic.first.height <= step.to_level.height:
        return step
    to = superior(Level.HEAD, has_grid=place.has_grid) if topic.first is Level.GRID else topic.first
    if to is step.to_level:
        return step
    return Step(step.to_state, to, f"“{topic.name}”由{to.zh}先办，已直接转给{to.zh}。")


def _quoted(words: Iterable[str]) -> str:
    told = list(words)
    more = "等" if len(told) > TOLD_WORDS else ""
    return "、".join(f"“{plain(word)}”" for word in told[:TOLD_WORDS]) + more


# --- what the reporter answered


def answers(topic: Topic | None, given: Mapping[str, str]) -> tuple[list[list[str]], list[str]]:
    """The topic's questions with what was answered ([[question, answer], …]), and what is wrong in sentences.

    `given` is by the question's text. What answers no question of this topic is left out.
    """
    kept: list[list[str]] = []
    faults: list[str] = []
    for question in topic.questions if topic else ():
        said = given.get(question.text, "").strip()
        if not said:
            if question.required:
                faults.append(f"请回答“{question.text}”。")
            continue
        if fault := _unfit(question, said):
            faults.append(fault)
        else:
            kept.append([question.text, said])
    return kept, faults


def _unfit(question: Question, said: str) -> str:
    if question.choices and said not in question.choices:
        return f"“{question.text}”请从{'、'.join(question.choices)}里选一个。"
    if question.ask is Ask.NUMBER and not (said.isascii() and said.isdecimal() and len(said) <= 6):
        return f"“{question.text}”请填一个数字。"
    if len(said) > 40:
        return f"“{question.text}”最多写40个字，其余写在“怎么回事”里。"
    return ""


# --- telling it


def moment(at: datetime) -> str:
    """10月12日 17:00, in Shanghai."""
    local = at.astimezone(SHANGHAI)
    return f"{local.month}月{local.day}日 {local:%H:%M}"


def explain(book: RuleBook, said: Suggestion) -> list[str]:
    """The whole suggestion as sentences, in the order in which it was reached."""
    lines = []
    kind = book.kind(said.category)
    if said.emergency:
        word = f"说到“{plain(said.emergency_word)}”，" if said.emergency_word else ""
        lines.append(f"{word}先请打{said.emergency.number}：{said.emergency.sentence}")
    if said.topic and said.guessed:
        lines.append(f"没有选小类；从文字看是“{kind.name}·{said.topic.name}”。")
    elif said.topic:
        lines.append(f"选的是“{kind.name}·{said.topic.name}”。")
    else:
        lines.append(f"归在“{kind.name}”，文字里没有哪个小类的词。")
    if said.guess:
        named = said.guess.topic.name if said.guess.topic else "说不清是哪一类"
        lines.append(f"看起来更像“{said.guess.kind.name}·{named}”（说到{_quoted(said.guess.words)}），类别由人来改。")
    lines.append(f"紧急：{said.urgent_why}。" if said.urgent else "一般，不加急。")
    lines.append(f"三事分流建议：{said.triage.zh}。{said.triage_why}")
    lines.append(said.step.reason)
    lines.append(clock_sentence(said.clocks, said.dues, book.hours))
    if said.department:
        lines.append(f"这里办不了的，由社区吹哨“{said.department}”。")
    if said.topic and said.topic.after_photo:
        lines.append("办结时要有办完以后的照片。")
    if said.topic and said.topic.responsible:
        lines.append(f"不归这里办的，可能由这些单位负责：{'；'.join(said.topic.responsible)}。")
    if said.triage is Triage.PRIVATE:
        helpers = [f"{h.name}（{h.what}）" if h.what else h.name for h in (said.topic.helpers if said.topic else ())]
        help_ = f"可以找：{'、'.join(helpers)}；" if helpers else ""
        lines.append(f"私事也有人跟进：{help_}{book.follow_up_days}天后回访。")
    return lines


def clock_sentence(clocks: Clocks, due: Dues, hours: OfficeHours) -> str:
    """The three clocks with the moments they run out."""
    told = [
        f"{what}{span.zh}（{moment(at)}前）"
        for what, span, at in (
            ("签收", clocks.sign_in, due.sign_in),
            ("联系上报人", clocks.contact, due.contact),
            ("办结或反馈", clocks.report, due.report),
        )
        if span and at
    ]
    return f"时限：{'，'.join(told)}。办公时间{hours.opens:%H:%M}到{hours.closes:%H:%M}。"
