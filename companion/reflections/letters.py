"""The e-mail of a prompt: text and HTML, no tracking, nothing of what the learner wrote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import css_inline
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext

from companion import markdown
from companion.reflections.links import answer_link, stop_link
from companion.reflections.models import Delivery
from companion.spaces.prompts import Format, option_tag, read_prompt
from companion.text import clean_line

SUBJECT_LIMIT: Final = 200
RATINGS: Final = range(11)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Whom a letter goes to, in which language ("" is the service's own)."""

    person_id: int
    address: str
    name: str
    language: str


def compose(delivery: Delivery, course: str, recipient: Recipient, *, course_url: str) -> EmailMultiAlternatives:
    """A letter for one delivery, ready to be sent. `course_url` is where the prompt is in its course, or "".

    Its subject names the course and the prompt, as its author wrote them; RFC 8058's one-click unsubscribing stops
    the series.
    """
    with translation.override(recipient.language or translation.get_language()):
        prompt = read_prompt(delivery.prompt.settings)
        answer = answer_link(delivery)
        stop = stop_link(person_id=recipient.person_id, series_id=delivery.series_id)
        context = {
            "language": translation.get_language(),
            "direction": "rtl" if translation.get_language_bidi() else "ltr",
            "course": course,
            "title": prompt.title,
            "text": prompt.text,
            "text_html": markdown.with_pictures(delivery.prompt.text_html, lambda _token: ""),
            "minutes": prompt.estimate,
            "answer_url": answer,
            "stop_url": stop,
            "course_url": course_url,
            "answers": _answers(prompt.format, prompt.options, answer),
            "is_rating": prompt.format is Format.RATING,
        }
        subject = gettext("%(course)s: %(title)s") % {"course": course, "title": prompt.title}
        letter = EmailMultiAlternatives(
            subject=clean_line(subject)[:SUBJECT_LIMIT],
            body=render_to_string("companion/mail/prompt.txt", context),
            to=[recipient.address],
            headers={
                "List-Unsubscribe": f"<{stop}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
                "Auto-Submitted": "auto-generated",
            },
        )
        html = render_to_string("companion/mail/prompt.html", context)
    letter.attach_alternative(_inliner.inline(html), "text/html")
    return letter


def _answers(form: Format, options: tuple[str, ...], url: str) -> list[tuple[str, str]]:
    """(what is on it, where it leads) for each answer that one tap gives."""
    if form is Format.RATING:
        return [(str(number), f"{url}?v={number}") for number in RATINGS]
    if form is Format.CHOICE:
        return [(option, f"{url}?v={option_tag(option)}") for option in options]
    return []


# Nothing is fetched: the styles stand in the template.
_inliner: Final = css_inline.CSSInliner(load_remote_stylesheets=False)
