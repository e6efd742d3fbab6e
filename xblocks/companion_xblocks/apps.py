"""Templates and translations of the blocks."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class XblocksConfig(AppConfig):
    name = "companion_xblocks"
    verbose_name = _("Course Companion blocks")
