"""An author's draft: prompts changed, added, taken out and put in another order. Nothing of it holds before it is
published.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from companion.errors import Conflict, InvalidInput, NotFound
from companion.reflections.publishing import get_series
from companion.spaces import api as spaces
from companion.spaces.api import Activity
from companion.spaces.prompts import PromptSettings, write_prompts
from companion.viewer import Viewer


@transaction.atomic
def change_prompts(*, viewer: Viewer, uid: UUID, prompts: Sequence[PromptSettings]) -> Activity:
    """Keep an author's prompts as a draft. Raises NotFound, NotAllowed, InvalidInput."""
    activity, _series = get_series(viewer=viewer, uid=uid)
    spaces.must_configure(viewer=viewer)
    settings = {**activity.settings, "prompts": write_prompts(prompts)}
    return spaces.configure_activity(
        viewer=viewer,
        uid=uid,
        title=activity.title,
        settings=settings,
        opens_at=activity.opens_at,
        closes_at=activity.closes_at,
        event_at=activity.event_at,
        event_ends_at=activity.event_ends_at,
    )


def save_prompt(*, viewer: Viewer, uid: UUID, prompt: PromptSettings) -> None:
    """Change a prompt of the draft, or add it at the end. Raises NotFound, NotAllowed, InvalidInput."""
    activity, _series = get_series(viewer=viewer, uid=uid)
    prompts = list(activity.reflection.prompts)
    places = [place for place, other in enumerate(prompts) if other.key == prompt.key]
    if places:
        prompts[places[0]] = prompt
    else:
        prompts.append(prompt)
    change_prompts(viewer=viewer, uid=uid, prompts=prompts)


def remove_prompt(*, viewer: Viewer, uid: UUID, key: str) -> None:
    """Take a prompt out of the draft. Raises NotFound, NotAllowed, Conflict (a follow-up hangs on it)."""
    activity, _series = get_series(viewer=viewer, uid=uid)
    prompts = list(activity.reflection.prompts)
    if key not in [prompt.key for prompt in prompts]:
        raise NotFound(gettext("There is no such prompt here."))
    try:
        change_prompts(viewer=viewer, uid=uid, prompts=[prompt for prompt in prompts if prompt.key != key])
    except InvalidInput as error:
        raise Conflict(str(error)) from error


def move_prompt(*, viewer: Viewer, uid: UUID, key: str, up: bool) -> None:
    """Change places with the prompt before or after. Raises NotFound, NotAllowed, Conflict."""
    activity, _series = get_series(viewer=viewer, uid=uid)
    prompts = list(activity.reflection.prompts)
    place = next((place for place, prompt in enumerate(prompts) if prompt.key == key), None)
    if place is None:
        raise NotFound(gettext("There is no such prompt here."))
    other = place - 1 if up else place + 1
    if not 0 <= other < len(prompts):
        return
    prompts[place], prompts[other] = prompts[other], prompts[place]
    try:
        change_prompts(viewer=viewer, uid=uid, prompts=prompts)
    except InvalidInput as error:
        raise Conflict(str(error)) from error
