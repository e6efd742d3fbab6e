"""An index of the sample units, and each of them as one of the people."""

from __future__ import annotations

from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from workbench.runtime import WorkbenchRuntime
from workbench.scenarios import get_scenarios

from examples.workbench.people import NAMES

VIEWS: Final = {"student_view": "Learner's view", "author_view": "Studio preview", "studio_view": "Studio settings"}
PEOPLE: Final = {"ana": "Ana", "ben": "Ben", "chen": "Chen", "dee": "Dee", "17": "Without name", "nobody": "Signed out"}


def our_scenarios() -> dict[str, Any]:
    return {name: found for name, found in sorted(get_scenarios().items()) if name.startswith("companion_")}


def index(request: HttpRequest) -> HttpResponse:
    context = {"scenarios": our_scenarios().items(), "views": VIEWS.items()}
    return render(request, "examples_workbench/index.html", context)


@ensure_csrf_cookie
def scenario(request: HttpRequest, person: str, scenario: str, view: str) -> HttpResponse:
    found = our_scenarios().get(scenario)
    if found is None or view not in VIEWS or person not in PEOPLE:
        raise Http404
    runtime = WorkbenchRuntime(person)
    block = runtime.get_block(found.usage_id)
    if view == "studio_view" and block.has_children:
        # Studio opens the settings of one block, never of the unit around it.
        block = next(child for child in block.get_children() if child.scope_ids.block_type.startswith("companion_"))
    fragment = block.render(view, {})
    context = {
        "block": block,
        "fragment": fragment,
        "people": [(key, name) for key, name in PEOPLE.items() if key in NAMES or key == "nobody"],
        "person": person,
        "scenario": scenario,
        "title": found.description,
        "view": view,
        "views": VIEWS.items(),
    }
    return render(request, "examples_workbench/scenario.html", context)
