"""A thread to take along: on paper, as Markdown, as JSON."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_POST, require_safe

from companion import markdown
from companion.threads import api as threads
from companion.web.links import picture_address
from companion.web.mounting import CompanionRequest
from companion.web.page import redirect, render

FORMATS = {
    "markdown": ("md", "text/markdown; charset=utf-8", threads.as_markdown),
    "json": ("json", "application/json", threads.as_json),
}


@require_safe
def thread_print(request: CompanionRequest, thread_id: int) -> HttpResponse:
    """All of a thread on one page, with nothing to press."""
    export = threads.export_thread(viewer=request.viewer, thread_id=thread_id)
    if export.thread.moved_to_id is not None:
        return redirect(request.mount.url_for("thread-print", export.thread.moved_to_id))
    address = picture_address(request.mount)
    context = {
        "activity": export.thread.activity,
        "thread": export.thread,
        "title": export.title,
        "items": [(view, markdown.with_pictures(view.html, address)) for view, _source in export.posts],
    }
    return render(request, "companion/thread_print.html", context)


@require_POST
def thread_export(request: CompanionRequest, thread_id: int) -> HttpResponse:
    """The thread as a file. A form and not a link: a browser that keeps no cookie sends the token only with a form."""
    ending, kind, write = FORMATS.get(request.POST.get("format", ""), FORMATS["markdown"])
    export = threads.export_thread(viewer=request.viewer, thread_id=thread_id)
    while export.thread.moved_to_id is not None:
        thread_id = export.thread.moved_to_id
        export = threads.export_thread(viewer=request.viewer, thread_id=thread_id)
    response = HttpResponse(write(export), content_type=kind)
    # Its number and nothing else: a title can hold a name, and a file's name goes far.
    response.headers["Content-Disposition"] = f'attachment; filename="thread-{thread_id}.{ending}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
