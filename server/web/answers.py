"""Reading the answers to a topic's questions out of a form: `a-<key of the topic>-<number of the question>`."""

from collections.abc import Mapping

from server.rules.book import Topic


def given_answers(topic: Topic | None, typed: Mapping[str, str]) -> dict[str, str]:
    """What was answered to the topic's questions, by the question's text; the others' inputs count for nothing."""
    if topic is None:
        return {}
    given = {
        question.text: typed.get(f"a-{topic.key}-{n}", "").strip() for n, question in enumerate(topic.questions, 1)
    }
    return {question: said for question, said in given.items() if said}
