"""What a viewer may do with an activity. The read rule stands beside the rows: `ActivityQuerySet.visible_to`."""

from companion.spaces.models import Activity
from companion.viewer import Viewer


def can_see_activity(viewer: Viewer, activity: Activity) -> bool:
    """The same rule as `ActivityQuerySet.visible_to`, for a row in hand."""
    return activity.space_id == viewer.space_id


def can_read_activity(viewer: Viewer, activity: Activity) -> bool:
    """Content shows from the opening on; the staff prepare it before. A closed activity stays readable."""
    return can_see_activity(viewer, activity) and (viewer.is_staff or activity.has_opened())


def can_write_in_activity(viewer: Viewer, activity: Activity) -> bool:
    """Learners write between opening and closing; the staff may always add a word."""
    return can_read_activity(viewer, activity) and (viewer.is_staff or not activity.has_closed())
