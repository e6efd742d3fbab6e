"""Moodle.

mod/lti/view.php takes `l`, the id of the instance, which is what launches send as `resource_link.id`
(lti_build_standard_request in mod/lti/locallib.php; recorded from 4.5). It asks people to sign in first and shows the
tool in a frame. Nothing of its address reaches the launch, so what to open travels in our cookie alone.

mod/lti/launch.php would open the tool in the window, where every browser brings that cookie. But it wants the id of
the course module, which only the login's unsigned hint tells, and answers whoever is not signed in with an error.
"""

from __future__ import annotations

from typing import Final

from companion_lti.models import ResourceLink

FAMILY: Final = "moodle"
# Substituted with the ids of the person's groups (lti_get_capabilities in mod/lti/locallib.php).
GROUPS: Final = "Moodle.Person.userGroupIds"


def page(link: ResourceLink, launch_url: str) -> str:
    # Plugins that put links into texts (atto_lti) send ids of their own making.
    if not (link.link_id.isascii() and link.link_id.isdigit()):
        return ""
    return f"{link.deployment.registration.issuer.rstrip('/')}/mod/lti/view.php?l={link.link_id}"
