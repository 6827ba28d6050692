"""The rule book of a place as data (design §4, §5): kinds of matter, their questions, triage, first hands and clocks.

A book is never edited: changing one makes a new version (`server.rulebook`). Its JSON form is `server.rules.book_json`,
the one we ship `server.rules.book_standard`, how it is applied `server.rules.routing`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from models.enums import IssueCategory, Level, Triage, Word
from server.rules.clocks import OFFICE_HOURS, Clocks, OfficeHours, Span, Unit
from server.rules.wording import Lexicon

QUESTIONS_MOST = 3
AS_THE_LEVEL = Clocks()  # a topic without spans of its own
FIRST_LEVELS = (Level.HEAD, Level.GRID, Level.COMMUNITY, Level.STREET)  # a department is whistled to, not routed to


class Ask(Word):
    """How a question is answered."""

    CHOICE = "choice", "选一个"
    YES_NO = "yes_no", "是或不是"
    NUMBER = "number", "填数字"
    TEXT = "text", "写几个字"


class HelperKind(Word):
    """Who helps in a private matter."""

    NEIGHBOURS = "neighbours", "邻居互助"
    VOLUNTEERS = "volunteers", "志愿者"
    MARKET = "market", "市场服务"


@dataclass(frozen=True, slots=True)
class Question:
    """One question to whoever reports. `options` only of a choice."""

    text: str
    ask: Ask = Ask.CHOICE
    options: tuple[str, ...] = ()
    required: bool = False

    @property
    def choices(self) -> tuple[str, ...]:
        """What can be tapped; none where something is written."""
        return ("是", "不是") if self.ask is Ask.YES_NO else self.options


@dataclass(frozen=True, slots=True)
class Helper:
    """Whom a private matter leads to: who, what for, and a phone that may stand in public (or none)."""

    kind: HelperKind
    name: str
    what: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Topic:
    """The second level: what exactly is the matter. `key` is stored with issues and never changes its meaning.

    `words` suggest the topic; "甲+乙" means both in one sentence. A part of `ordinary`/`hurried` that is None is as the
    level's own clock.
    """

    key: str
    category: IssueCategory
    name: str
    words: tuple[str, ...] = ()
    triage: Triage = Triage.SMALL
    urgent: bool = False
    emergency: str = ""  # key of the book's emergency that is shown when this is chosen
    first: Level = Level.HEAD  # nobody below it is bothered
    department: str = ""  # whom the community whistles to when it is not solved here
    responsible: tuple[str, ...] = ()  # when it is not ours: who is, as suggestions
    ordinary: Clocks = AS_THE_LEVEL
    hurried: Clocks = AS_THE_LEVEL
    after_photo: bool = False
    questions: tuple[Question, ...] = ()
    helpers: tuple[Helper, ...] = ()
    on: bool = True


@dataclass(frozen=True, slots=True)
class Kind:
    """The first level: a category of the closed vocabulary, as this place calls it."""

    category: IssueCategory
    name: str
    triage: Triage = Triage.SMALL
    words: tuple[str, ...] = ()
    on: bool = True


@dataclass(frozen=True, slots=True)
class Emergency:
    """Words that answer a number before anything else. `unless`: phrases in which such a word stands by chance."""

    key: str
    name: str
    number: str
    sentence: str
    words: tuple[str, ...]
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LevelClocks:
    """How long a level has, ordinarily and when it is urgent."""

    level: Level
    ordinary: Clocks
    hurried: Clocks


@dataclass(frozen=True)
class RuleBook:
    """Everything a place decides about how matters are received. Made by `book_json.from_content`, which checks it."""

    kinds: tuple[Kind, ...]
    topics: tuple[Topic, ...]
    emergencies: tuple[Emergency, ...] = ()
    hedges: tuple[str, ...] = ()  # shortly before an emergency's word they say that it is not happening now
    urgent_words: tuple[str, ...] = ()
    big_words: tuple[str, ...] = ()  # in any matter they speak for 大事
    clocks: tuple[LevelClocks, ...] = ()
    hours: OfficeHours = OFFICE_HOURS
    follow_up_days: int = 7

    @cached_property
    def lexicon(self) -> Lexicon:
        """All the book's words, made ready to be looked for."""
        return Lexicon(
            word
            for words in (
                *(kind.words for kind in self.kinds),
                *(topic.words for topic in self.topics),
                *(emergency.words for emergency in self.emergencies),
                self.urgent_words,
                self.big_words,
            )
            for word in words
        )

    @cached_property
    def _by_key(self) -> Mapping[str, Topic]:
        return {topic.key: topic for topic in self.topics}

    @cached_property
    def _by_category(self) -> Mapping[IssueCategory, tuple[Topic, ...]]:
        return {c: tuple(t for t in self.topics if t.category is c and t.on) for c in IssueCategory}

    @cached_property
    def _by_level(self) -> Mapping[Level, LevelClocks]:
        return {of.level: of for of in self.clocks}

    @cached_property
    def _kinds(self) -> Mapping[IssueCategory, Kind]:
        return {kind.category: kind for kind in self.kinds}

    def topic(self, key: str) -> Topic | None:
        """The topic of that key, switched off or not; None for "" and for keys of other books."""
        return self._by_key.get(key)

    def topics_of(self, category: IssueCategory) -> tuple[Topic, ...]:
        """The topics offered under a category."""
        return self._by_category[category]

    def kind(self, category: IssueCategory) -> Kind:
        """A category as this place has it."""
        return self._kinds.get(category) or Kind(category, category.zh)

    @cached_property
    def offered(self) -> tuple[Kind, ...]:
        """The categories a reporter may choose, in order."""
        return tuple(kind for kind in self.kinds if kind.on)

    def emergency(self, key: str) -> Emergency | None:
        """The emergency of that key."""
        return next((one for one in self.emergencies if one.key == key), None)


_DEFAULTS = {
    level: LevelClocks(
        level,
        Clocks(Span(1, Unit.WORK_HOURS), Span(24, Unit.DAY_HOURS), Span(5, Unit.WORKDAYS)),
        Clocks(Span(1, Unit.HOURS), Span(2, Unit.HOURS), Span(24, Unit.HOURS)),
    )
    for level in Level
}
# Heads are volunteers: more time to look, and what is urgent goes on to paid staff when they are away.
_DEFAULTS[Level.HEAD] = LevelClocks(
    Level.HEAD,
    Clocks(Span(8, Unit.WORK_HOURS), Span(48, Unit.DAY_HOURS), Span(5, Unit.WORKDAYS)),
    Clocks(Span(2, Unit.HOURS), Span(4, Unit.HOURS), Span(24, Unit.HOURS)),
)
DEFAULT_CLOCKS = tuple(_DEFAULTS[level] for level in Level)


def clocks_for(book: RuleBook, topic: Topic | None, level: Level, *, urgent: bool = False) -> Clocks:
    """How long a holder at `level` has: the topic's own spans where it names any, the level's otherwise."""
    of_level = book._by_level.get(level) or _DEFAULTS[level]  # one class with its book
    base = of_level.hurried if urgent else of_level.ordinary
    if topic is None:
        return base
    own = topic.hurried if urgent else topic.ordinary
    return Clocks(own.sign_in or base.sign_in, own.contact or base.contact, own.report or base.report)


def with_topic(book: RuleBook, topic: Topic) -> RuleBook:
    """The book with this topic in the place of the one with its key, or at the end."""
    known = book.topic(topic.key) is not None
    topics = tuple(topic if t.key == topic.key else t for t in book.topics) if known else (*book.topics, topic)
    return replace(book, topics=topics)
