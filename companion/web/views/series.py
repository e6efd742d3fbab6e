"""What the course staff does with a follow-up series: prompts, dates, publishing, rows, figures, shared entries."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.crypto import get_random_string
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from companion.errors import Conflict, NotAllowed, NotFound
from companion.reflections import api as reflections
from companion.spaces.api import Activity, list_activities, must_configure
from companion.spaces.prompts import Anchor, PromptSettings
from companion.web.forms.series import PromptForm, ReplyForm
from companion.web.mounting import CompanionRequest
from companion.web.page import redirect, render, with_query
from companion.web.views.posts import REFUSALS, refuse


@require_safe
def series_detail(request: CompanionRequest, uid: UUID) -> HttpResponse:
    """The prompts of a draft, and everybody's dates as they would be."""
    activity, series = reflections.get_series(viewer=request.viewer, uid=uid)
    preview = reflections.preview_series(viewer=request.viewer, uid=uid, cursor=request.GET.get("after", ""))
    url = request.mount.url_for("series-detail", uid)
    context = {
        "activity": activity,
        "series": series,
        "settings": activity.reflection,
        "is_draft": reflections.is_draft(activity, series),
        "can_edit": not request.mount.settings_note,
        "settings_note": request.mount.settings_note,
        "preview": preview,
        "prompts": [
            (prompt, request.mount.url_for("prompt-edit", uid, prompt.key)) for prompt in activity.reflection.prompts
        ],
        "templates": [(name, template) for name, template in reflections.TEMPLATES.items()],
        "next_url": with_query(url, {"after": preview.next}) if preview.next else "",
    }
    return render(request, "companion/series_detail.html", context)


@require_POST
def series_publish(request: CompanionRequest, uid: UUID) -> HttpResponse:
    _editable(request, uid)
    reflections.publish_series(viewer=request.viewer, uid=uid)
    return redirect(request.mount.url_for("series-detail", uid))


@require_POST
def series_template(request: CompanionRequest, uid: UUID) -> HttpResponse:
    """The prompts of a template, after those that are there."""
    activity = _editable(request, uid)
    name = request.POST.get("template", "")
    if name not in reflections.TEMPLATES:
        raise NotFound
    have = activity.reflection.prompts
    taken = {prompt.key for prompt in have}
    new = [_free(prompt, taken) for prompt in reflections.from_template(name)]
    reflections.change_prompts(viewer=request.viewer, uid=uid, prompts=[*have, *new])
    return redirect(request.mount.url_for("series-detail", uid))


def _free(prompt: PromptSettings, taken: set[str]) -> PromptSettings:
    """The same under a key that is free; what pairs with it is of the same template, and does, too."""
    if not taken:
        return prompt
    end = "-2"
    pairs = prompt.pairs_with + end if prompt.pairs_with else ""
    return replace(prompt, key=(prompt.key + end) if prompt.key + end not in taken else _new_key(), pairs_with=pairs)


def prompt_edit(request: CompanionRequest, uid: UUID, key: str) -> HttpResponse:
    """A prompt of the draft; the key "new" is a prompt to be."""
    activity = _editable(request, uid)
    prompts = list(activity.reflection.prompts)
    prompt = next((prompt for prompt in prompts if prompt.key == key), None)
    if prompt is None and key != "new":
        raise NotFound
    others = prompts[: prompts.index(prompt)] if prompt else prompts
    data = request.POST if request.method == "POST" else None
    usual = PromptSettings(key="new", anchor=Anchor.COURSE, days=2)
    form = PromptForm.for_prompt(prompt or usual, others, _units(request, activity), data)
    status = 200
    if data is not None and form.is_valid():
        typed = form.prompt(_new_key() if prompt is None else key)
        if typed is not None:
            try:
                reflections.save_prompt(viewer=request.viewer, uid=uid, prompt=typed)
            except REFUSALS as error:
                status = refuse(form, error)
            else:
                return redirect(request.mount.url_for("series-detail", uid))
    context = {
        "activity": activity,
        "form": form,
        "is_new": prompt is None,
        "key": key,
        "action": request.get_full_path(),
        "place": 0 if prompt is None else prompts.index(prompt),
        "is_last": prompt is not None and prompt is prompts[-1],
    }
    status = 422 if form.errors and status == 200 else status
    return render(request, "companion/prompt_edit.html", context, status=status)


def _units(request: CompanionRequest, activity: Activity) -> list[tuple[str, str]]:
    """What a prompt may wait for: its own activity, and the others of the course."""
    others = [other for other in list_activities(viewer=request.viewer) if other.pk != activity.pk]
    return [("", gettext("This activity itself")), *((str(other.uid), other.title) for other in others)]


@require_POST
def prompt_remove(request: CompanionRequest, uid: UUID, key: str) -> HttpResponse:
    _editable(request, uid)
    reflections.remove_prompt(viewer=request.viewer, uid=uid, key=key)
    return redirect(request.mount.url_for("series-detail", uid))


@require_POST
def prompt_move(request: CompanionRequest, uid: UUID, key: str) -> HttpResponse:
    _editable(request, uid)
    reflections.move_prompt(viewer=request.viewer, uid=uid, key=key, up=request.POST.get("up") == "1")
    return redirect(request.mount.url_for("series-detail", uid))


@require_safe
def series_people(request: CompanionRequest, uid: UUID) -> HttpResponse:
    """Every learner with what became of each prompt, and why."""
    activity = reflections.must_be_staff_of(viewer=request.viewer, uid=uid)
    rows, following = reflections.list_deliveries(viewer=request.viewer, uid=uid, cursor=request.GET.get("after", ""))
    url = request.mount.url_for("series-people", uid)
    context = {
        "activity": activity,
        "rows": rows,
        "next_url": with_query(url, {"after": following}) if following else "",
    }
    return render(request, "companion/series_people.html", context)


@require_safe
def series_report(request: CompanionRequest, uid: UUID) -> HttpResponse:
    activity = reflections.must_be_staff_of(viewer=request.viewer, uid=uid)
    series = reflections.find_series(activity)
    report = reflections.make_report(series) if series is not None else None
    slopes = [(slope, _line(slope.before, slope.after)) for slope in report.slopes] if report else []
    context = {"activity": activity, "report": report, "slopes": slopes, "series": series}
    return render(request, "companion/series_report.html", context)


def _line(before: float, after: float) -> dict[str, int]:
    """Where a slope begins and ends in a picture of 120 units' height, 0 to 10 from the bottom up."""
    return {"before": round(110 - 10 * before), "after": round(110 - 10 * after)}


@require_safe
def series_muddiest(request: CompanionRequest, uid: UUID) -> HttpResponse:
    """What is least clear in the course, unit by unit."""
    activity = reflections.must_be_staff_of(viewer=request.viewer, uid=uid)
    units = reflections.list_unclear(viewer=request.viewer)
    return render(request, "companion/series_muddiest.html", {"activity": activity, "units": units})


@require_safe
def series_shared(request: CompanionRequest, uid: UUID) -> HttpResponse:
    """What was shared with the reader: never a private entry."""
    activity, _series = reflections.get_series(viewer=request.viewer, uid=uid)
    entries, following = reflections.list_shared(
        viewer=request.viewer, activity=activity, cursor=request.GET.get("after", "")
    )
    url = request.mount.url_for("series-shared", uid)
    context = {
        "activity": activity,
        "entries": [(entry, request.mount.url_for("entry-reply", entry.id)) for entry in entries],
        "next_url": with_query(url, {"after": following}) if following else "",
    }
    return render(request, "companion/series_shared.html", context)


def entry_reply(request: CompanionRequest, entry_id: int) -> HttpResponse:
    entry = reflections.get_shared_entry(viewer=request.viewer, entry_id=entry_id)
    if not request.viewer.is_staff:
        raise NotAllowed(gettext("Only the course staff can do this."))
    form = ReplyForm(request.POST if request.method == "POST" else None, auto_id="reply-%s")
    status = 200
    activity = entry.prompt.series.activity
    if request.method == "POST" and form.is_valid():
        try:
            reflections.reply_to_entry(viewer=request.viewer, entry_id=entry_id, body=form.cleaned_data["body"])
        except REFUSALS as error:
            status = refuse(form, error)
        else:
            return redirect(request.mount.url_for("series-shared", activity.uid))
    context = {
        "activity": activity,
        "entry": reflections.view_shared(entry),
        "form": form,
        "action": request.get_full_path(),
    }
    status = 422 if form.errors and status == 200 else status
    return render(request, "companion/entry_reply.html", context, status=status)


def _editable(request: CompanionRequest, uid: UUID) -> Any:
    """An activity whose series is set here and not in the host. Raises NotFound, NotAllowed."""
    activity, _series = reflections.get_series(viewer=request.viewer, uid=uid)
    must_configure(viewer=request.viewer)
    if request.mount.settings_note:
        raise Conflict(request.mount.settings_note)
    return activity


def _new_key() -> str:
    return get_random_string(8, "abcdefghjkmnpqrstuvwxyz23456789")
