"""From the stairwell form to a report."""

from datetime import datetime

from werkzeug.datastructures import FileStorage

from models.enums import PhotoUse
from server.core.access import Actor
from server.core.errors import FieldError, Problem
from server.issues import service as issues
from server.issues.schemas import PHOTOS_MOST, MeTooSchema, ReportByCodeSchema
from server.issues.service import MeToo, Report, Reported
from server.photos import service as photos
from server.rules import routing
from server.rules.book import RuleBook, Topic
from server.web.answers import given_answers
from server.web.resident.forms import Form, wrong
from server.web.resident.phrases import PHRASES, compose

# What the page says where the schema would only say that something is missing.
MISSING = {
    "category": "请先点选是哪方面的事。",
    "text": "请点一句常用的话，或者写一句发生了什么。",
}


def file_report(
    code: str, book: RuleBook, form: Form, files: list[FileStorage], now: datetime, reporter: Actor | None = None
) -> Reported:
    """Check the form, keep its photos, file the report. Raises Problem with the fields that are wrong.

    What sounds like an emergency is refused once, with the number to call in `form.alarm`; sent again, it is filed.
    """
    text = compose(form.ticked, form.typed.get("text", ""), _offered(form.typed.get("category", "")))
    topic = _topic(book, form)
    if not form.typed.get("called") and (alarm := routing.alarm(book, text, topic.key if topic else "")):
        form.alarm = alarm
        raise Problem(422, "emergency_first", alarm.sentence)
    if topic is not None:
        text = text or topic.name  # who tapped what it is need not write it too
    answers = given_answers(topic, form.typed)
    errors = _count(files)
    try:
        content = form.load(
            ReportByCodeSchema,
            **({"text": text} if text else {}),
            topic=topic.key if topic else "",
            answers=answers,
            photo_ids=[],
        )
    except Problem as problem:
        errors += [_in_words(error, form, text) for error in problem.errors]
    if errors:
        raise wrong(*errors)
    content["photo_ids"] = _keep(files, now)
    return issues.report_by_code(code, Report(**content), now, reporter=reporter)


def _topic(book: RuleBook, form: Form) -> Topic | None:
    """The chosen topic; one left ticked under a category that is no longer chosen counts for nothing."""
    topic = book.topic(form.typed.get("topic", ""))
    return topic if topic and topic.on and topic.category == form.typed.get("category") else None


def join(code: str, form: Form, files: list[FileStorage], now: datetime, reporter: Actor | None = None) -> Reported:
    """我也遇到, with whatever else was typed into the form before. Raises Problem with the fields that are wrong."""
    text = compose(form.ticked, form.typed.get("text", ""), _offered(form.typed.get("category", "")))
    if errors := _count(files):
        raise wrong(*errors)
    content = form.load(MeTooSchema, **({"text": text} if text else {}), photo_ids=[])
    content["photo_ids"] = _keep(files, now)
    return issues.join_by_code(code, form.typed["join"], MeToo(**content), now, reporter=reporter)


def _offered(category: str) -> tuple[str, ...]:
    return next((said for known, said in PHRASES.items() if known == category), ())


def _in_words(error: FieldError, form: Form, text: str) -> FieldError:
    empty = not text if error.field == "text" else not form.typed.get(error.field, "").strip()
    return FieldError(error.field, MISSING[error.field]) if empty and error.field in MISSING else error


def _count(files: list[FileStorage]) -> list[FieldError]:
    """Counted before any of them is opened: unpacking pictures is dear."""
    if len(files) <= PHOTOS_MOST:
        return []
    return [FieldError("photos", f"最多 {PHOTOS_MOST} 张照片，您选了 {len(files)} 张，请重新选。")]


def _keep(files: list[FileStorage], now: datetime) -> list[str]:
    if not files:
        return []
    try:
        kept = photos.keep_all([file.stream for file in files], PhotoUse.REPORT, None, now)
    except Problem as problem:
        if problem.code == 503:
            raise
        raise wrong(FieldError("photos", problem.detail or "")) from None
    return [photo.id for photo in kept]
