"""What one person wrote in an activity under their name, as a gradebook of the host opens it."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from companion import credit as credits
from companion import markdown
from companion.threads import api as threads
from companion.web.links import picture_address
from companion.web.mounting import CompanionRequest
from companion.web.page import render, with_query


@require_safe
def person_posts(request: CompanionRequest, uid: UUID, person_id: int) -> HttpResponse:
    cursor = request.GET.get("after", "")
    page = threads.list_signed(viewer=request.viewer, activity_uid=uid, person_id=person_id, cursor=cursor)
    here = request.mount.url_for("person-posts", uid, person_id)
    address = picture_address(request.mount)
    context = {
        "page": page,
        "activity": page.activity,
        "is_mine": request.viewer.person_id == person_id,
        "credit_rule": credits.credit_rule(page.activity),
        "credit_worth": credits.credit_worth(page.activity),
        "posts": [(post, markdown.with_pictures(post.html, address)) for post in page.posts],
        "next_url": with_query(here, {"after": page.next_cursor}) if page.next_cursor else "",
    }
    return render(request, "companion/person_posts.html", context)
