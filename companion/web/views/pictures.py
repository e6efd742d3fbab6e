"""Pictures in posts: taken from the composer, and shown."""

from __future__ import annotations

from typing import BinaryIO, Final, cast
from uuid import UUID

from django.http import HttpResponse, JsonResponse, QueryDict
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from companion.errors import CompanionError, InvalidInput, NotAllowed, NotFound, TooMany
from companion.threads import api as threads
from companion.web.mounting import CompanionRequest

# What would end the brackets that a picture's description stands in.
_NO_MARKUP: Final = str.maketrans({"[": "(", "]": ")", "\\": "/"})


@require_POST
def picture_add(request: CompanionRequest, uid: UUID) -> HttpResponse:
    """Take one: `{"markdown", "width", "height"}`, or `{"error"}` in a sentence."""
    file = request.FILES.get("picture")
    if file is None:
        return JsonResponse({"error": gettext("Choose a picture first.")}, status=422)
    try:
        taken = threads.add_picture(
            viewer=request.viewer, activity_uid=uid, file=cast(BinaryIO, file), size=file.size or 0
        )
    except InvalidInput as error:
        return JsonResponse({"error": " ".join(error.errors.values())}, status=422)
    except TooMany as error:
        return JsonResponse({"error": str(error)}, status=429)
    except NotFound:
        raise
    except CompanionError as error:
        return JsonResponse({"error": str(error)}, status=403)
    return JsonResponse({"markdown": taken.markdown, "width": taken.width, "height": taken.height})


@require_safe
def picture(request: CompanionRequest, token: str) -> HttpResponse:
    """The picture itself, for an hour in the reader's own cache: what a moderator hides is gone soon after."""
    with threads.open_picture(viewer=request.viewer, token=token) as file:
        # Not streamed: an XBlock's handler gives whole answers, and a re-encoded picture is small.
        response = HttpResponse(file.read(), content_type="image/webp")
    response.headers["Cache-Control"] = "private, max-age=3600"
    response.headers["Content-Disposition"] = "inline"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def with_picture(request: CompanionRequest, uid: UUID) -> tuple[QueryDict | None, CompanionError | None]:
    """What a form sent, with the picture that came along in its text, and why the picture was not taken.

    For whoever runs no scripts: with them, pictures come before the form is sent.
    """
    if request.method != "POST":
        return None, None
    file = request.FILES.get("picture")
    if file is None:
        return request.POST, None
    data = request.POST.copy()
    try:
        taken = threads.add_picture(
            viewer=request.viewer, activity_uid=uid, file=cast(BinaryIO, file), size=file.size or 0
        )
    except (InvalidInput, NotAllowed, TooMany) as error:
        return data, error
    alt = " ".join(data.get("picture_alt", "").translate(_NO_MARKUP).split())
    data["body"] = f"{data.get('body', '')}\n\n![{alt}]({taken.markdown})".lstrip("\n")
    data["picture_alt"] = ""
    return data, None
