"""Template tags: links through the mount, times in words."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl

from django import template
from django.utils.crypto import salted_hmac
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import get_current_timezone_name, localtime
from django.utils.translation import get_language, gettext, ngettext

from companion import clock
from companion.spaces import videos
from companion.viewer import Viewer
from companion.web.page import with_query

register = template.Library()

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR


@register.simple_tag(takes_context=True)
def companion_url(context: template.Context, name: str, *args: object, **query: object) -> str:
    """The URL of a page under the current mount. Never use `{% url %}` in these templates."""
    return with_query(context["mount"].url_for(name, *args), query)


@register.simple_tag(takes_context=True)
def hidden_fields(context: template.Context) -> SafeString:
    """What the mount needs in every form that writes."""
    fields = context["mount"].fields.items()
    return format_html_join("", '<input type="hidden" name="{}" value="{}">', fields)


@register.inclusion_tag("companion/partials/search_field.html", takes_context=True)
def search_field(
    context: template.Context, asked: str = "", *, here: bool = False, is_page: bool = False
) -> dict[str, object]:
    """A field that looks for words. Browsers drop the query of a form's address: the mount's becomes hidden fields."""
    action, _mark, query = context["mount"].url_for("search").partition("?")
    return {"action": action, "fields": parse_qsl(query), "asked": asked, "here": here, "is_page": is_page}


@register.filter
def ago(moment: datetime) -> SafeString:
    """How long ago ("3 h ago"), with the exact time on hover, which the script puts into the reader's own zone."""
    opening = _time_tag(moment, get_language() or "", get_current_timezone_name())
    # Our own words and numbers, with nothing to escape.
    return SafeString(f"{opening}{in_words(moment)}</time>")


@register.filter
def replies(count: int) -> str:
    return ngettext("%(number)d reply", "%(number)d replies", count) % {"number": count}


@register.filter
def new_posts(count: int) -> str:
    """How many are unread, for a badge: from a hundred on it does not matter how many."""
    if count > 99:
        return gettext("99+ new")
    return ngettext("%(number)d new", "%(number)d new", count) % {"number": count}


@register.filter
def found_helpful(count: int) -> str:
    return ngettext("%(number)d found it helpful", "%(number)d found it helpful", count) % {"number": count}


@register.filter
def timecode(second: int) -> str:
    """A place in a video: "1:32"."""
    return videos.timecode(second)


@register.filter
def draft_key(viewer: Viewer) -> str:
    """What tells one person's drafts from another's on a shared device, and nothing more."""
    return salted_hmac("companion.web.draft", str(viewer.person_id)).hexdigest()[:16]


@register.filter
def exact(moment: datetime) -> SafeString:
    """Date and time, which the script puts into the reader's own zone."""
    here = localtime(moment)
    words = f"{date_format(here, 'DATETIME_FORMAT')} {here.tzname() or ''}"
    return format_html('<time datetime="{}" data-exact>{}</time>', moment.isoformat(timespec="seconds"), words.strip())


@register.filter
def is_past(moment: datetime) -> bool:
    return moment <= clock.now()


@register.filter
def until_words(moment: datetime) -> str:
    """When something in the future is, in one unit: "in 4 days"."""
    seconds = (moment - clock.now()).total_seconds()
    if seconds < HOUR:
        return gettext("within the hour")
    if seconds < DAY:
        number = int(seconds // HOUR)
        return ngettext("in %(n)d hour", "in %(n)d hours", number) % {"n": number}
    number = int(seconds // DAY)
    return ngettext("in %(n)d day", "in %(n)d days", number) % {"n": number}


@register.filter
def weekdays(days: str) -> str:
    """ISO digits as days: "Mon, Tue"; "every day" for all of them."""
    if len(days) == len(WEEKDAYS_ABBR):
        return gettext("every day")
    return ", ".join(str(WEEKDAYS_ABBR[int(day) - 1]) for day in days)


@register.filter
def span(length: timedelta | None) -> str:
    """How long something took, in one unit: "3 h"; a dash where nothing did."""
    if length is None:
        return "–"
    seconds = int(length.total_seconds())
    if seconds < 2 * HOUR:
        return gettext("%(n)d min") % {"n": seconds // MINUTE}
    if seconds < 2 * DAY:
        return gettext("%(n)d h") % {"n": seconds // HOUR}
    return ngettext("%(n)d day", "%(n)d days", seconds // DAY) % {"n": seconds // DAY}


@register.filter
def to_number(number: int) -> str:
    """What a reply answers: "to #5"."""
    return gettext("to #%(number)d") % {"number": number}


def in_words(moment: datetime) -> str:
    """How long ago, in one unit; the date itself after a year."""
    seconds = (clock.now() - moment).total_seconds()
    if seconds < MINUTE:
        return gettext("just now")
    if seconds < HOUR:
        number = int(seconds // MINUTE)
        return ngettext("%(n)d min ago", "%(n)d min ago", number) % {"n": number}
    if seconds < DAY:
        number = int(seconds // HOUR)
        return ngettext("%(n)d h ago", "%(n)d h ago", number) % {"n": number}
    if seconds < 14 * DAY:
        number = int(seconds // DAY)
        return ngettext("%(n)d day ago", "%(n)d days ago", number) % {"n": number}
    if seconds < 60 * DAY:
        number = int(seconds // (7 * DAY))
        return ngettext("%(n)d week ago", "%(n)d weeks ago", number) % {"n": number}
    if seconds < 365 * DAY:
        number = int(seconds // (30 * DAY))
        return ngettext("%(n)d month ago", "%(n)d months ago", number) % {"n": number}
    return date_format(localtime(moment), "DATE_FORMAT")


@lru_cache(maxsize=4096)
def _time_tag(moment: datetime, language: str, zone: str) -> str:
    """The opening tag, which is the same for every reader of a language: formatting dates is slow."""
    here = localtime(moment)
    exact = f"{date_format(here, 'DATETIME_FORMAT')} {here.tzname() or ''}"
    return format_html('<time datetime="{}" title="{}">', moment.isoformat(timespec="seconds"), exact)
