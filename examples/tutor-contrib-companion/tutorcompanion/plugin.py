"""What Tutor does with the Companion: install it, set it, make its tables, switch on what was asked for.

Tutor imports this module when the plugin is enabled. The values in braces are Tutor's configuration; README.md lists
ours.
"""

from tutor import hooks

hooks.Filters.CONFIG_DEFAULTS.add_items(
    [
        ("COMPANION_PIP_REQUIREMENT", "course-companion[openedx]"),
        ("COMPANION_ORGANIZATION", ""),
        ("COMPANION_NAMES", "username"),
        ("COMPANION_RETIRED_POSTS", "keep"),
        ("COMPANION_COURSE_TAB", False),
        ("COMPANION_UNIT_DISCUSSION", False),
        ("COMPANION_ASK_ASIDE", False),
    ]
)

# The constraint holds every package of the platform at its version: without it an LMS whose XBlock is older than the
# one we ask for gets another XBlock, and nobody is told. With it the build stops and says which package it is.
INSTALL = r"""
{% if COMPANION_PIP_REQUIREMENT %}
RUN --mount=type=cache,target=/openedx/.cache/pip,sharing=shared \
    $PIP_COMMAND list --format=freeze > /tmp/platform.txt \
    && $PIP_COMMAND install --constraint /tmp/platform.txt '{{ COMPANION_PIP_REQUIREMENT }}'
{% endif %}
"""

# For the LMS and Studio, in production and in development. "%r" writes a value as Python does, quotes included.
SETTINGS = """
COMPANION_ORGANIZATION = {{ "%r"|format(COMPANION_ORGANIZATION) }}
COMPANION_NAMES = {{ "%r"|format(COMPANION_NAMES) }}
COMPANION_RETIRED_POSTS = {{ "%r"|format(COMPANION_RETIRED_POSTS) }}
"""

hooks.Filters.ENV_PATCHES.add_items(
    [
        ("openedx-dockerfile-post-python-requirements", INSTALL),
        ("openedx-common-settings", SETTINGS),
    ]
)

# The LMS and Studio share one database. Running this again changes nothing. A value that is false leaves its switch as
# it is: an administrator may have set it for one course.
INIT = """
./manage.py lms migrate companion
./manage.py lms migrate django_tasks_database
{% if COMPANION_COURSE_TAB %}
./manage.py lms waffle_flag companion.course_tab --create --everyone
{% endif %}
{% if COMPANION_UNIT_DISCUSSION %}
./manage.py lms waffle_flag companion.unit_discussion --create --everyone
{% endif %}
{% if COMPANION_ASK_ASIDE %}
./manage.py lms waffle_flag companion.ask_aside --create --everyone
./manage.py lms shell -c "
from lms.djangoapps.lms_xblock.models import XBlockAsidesConfig
current = XBlockAsidesConfig.current()
if not current.enabled:
    XBlockAsidesConfig.objects.create(enabled=True, disabled_blocks=current.disabled_blocks)
"
{% endif %}
"""

hooks.Filters.CLI_DO_INIT_TASKS.add_item(("lms", INIT))

# `tutor mounts add .../course-companion` then installs that checkout in the images. Tutor adds openedx-dev itself.
hooks.Filters.MOUNTED_DIRECTORIES.add_item(("openedx", "course-companion"))
