"""Pages behind the links of an e-mail: no login, one thing each, nothing else to read.

A look changes nothing: mail servers and their guards follow links before people do.
"""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from companion.errors import InvalidInput, NotFound
from companion.reflections import api as reflections
from companion.web.forms.reflections import AnswerForm
from companion.web.page import render, render_message


# The token in the address is what allows it; there is no session that another site could misuse.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """Answer the prompt of an e-mail, once. `?v=` is what was tapped there: the form begins with it."""
    try:
        delivery = reflections.read_answer_token(token)
    except NotFound:
        return _over(request, gettext("The link is not complete, or it has expired."))
    if delivery.answered_at is not None:
        return _over(request, gettext("It was used already. Your answer is in the course; you can change it there."))
    if not reflections.can_answer(delivery):
        return _over(request, gettext("This is asked no longer."))
    prompt = reflections.settings_of(delivery)
    tapped = request.GET.get("v", "")
    form = AnswerForm(
        request.POST if request.method == "POST" else None,
        prompt=prompt,
        can_share=False,
        initial={"number": tapped},
        auto_id="answer-%s",
    )
    if request.method == "POST" and form.is_valid():
        try:
            return _take(request, delivery, form)
        except InvalidInput as error:
            form.refuse(error)
    context = {
        "course": str(delivery.series.space),
        "prompt": prompt,
        "text_html": reflections.text_of(delivery),
        "form": form,
        "sends_itself": request.method == "GET" and form.offers(tapped),
    }
    response = render(request, "companion/mail_answer.html", context, status=422 if form.errors else 200)
    return _apart(response)


@transaction.atomic
def _take(request: HttpRequest, delivery: reflections.Delivery, form: AnswerForm) -> HttpResponse:
    if not reflections.answer_once(delivery=delivery, answer=form.answer()):
        return _over(request, gettext("It was used already. Your answer is in the course; you can change it there."))
    text = gettext("Only you can read it. In the course you can change it, or share it.")
    return _apart(render_message(request, gettext("Thank you, it is noted"), text, status=200))


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """No more prompts of a series, or no more e-mails at all. A "one-click" POST (RFC 8058) stops the series."""
    try:
        target = reflections.read_stop_token(token)
        title = reflections.title_of_series(series_id=target.series_id)
    except NotFound:
        return _over(request, gettext("The link is not complete, or it has expired."))
    if request.method != "POST":
        return _apart(render(request, "companion/mail_stop.html", {"title": title}))
    if request.POST.get("what") == "all":
        reflections.stop_reminders(person_id=target.person_id, stopped=True)
        text = gettext("No course sends you e-mails about prompts any more.")
    else:
        reflections.stop_series(person_id=target.person_id, series_id=target.series_id, stopped=True)
        text = gettext("This series asks you nothing more. In the course you can take it up again.")
    return _apart(render_message(request, gettext("Done"), text, status=200))


def _over(request: HttpRequest, text: str) -> HttpResponse:
    return _apart(render_message(request, gettext("This link does not work any more"), text, status=410))


def _apart(response: HttpResponse) -> HttpResponse:
    """Such a page is kept nowhere, and its address is told to nobody."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
