"""What every block of the Companion is: fields that hold its settings, views, credit, and one handler for the UI.

A block module says only what is special about its kind. The settings are fields and never rows, so that a copy, a
re-run, an import and a library carry them along; the activity's row follows the fields when somebody looks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from functools import cached_property, partial
from typing import Any, ClassVar

from django.db import transaction
from django.utils.translation import gettext as _
from web_fragments.fragment import Fragment
from xblock.core import XBlock
from xblock.fields import Boolean, DateTime, Integer, Scope, String, UserScope
from xblock.validation import ValidationMessage

from companion import markdown
from companion.errors import InvalidInput
from companion.openedx import compat
from companion.spaces import api as spaces
from companion.spaces.kinds import SETTINGS, Anonymity, Groups, Kind, Starters
from companion.viewer import Mount, Role, Viewer
from companion.web.embedding import embed, first_view, script_urls
from companion.web.forms.activities import DATES
from companion.web.views.lists import show_list
from companion_xblocks import reports, studio
from companion_xblocks.credit import CreditMixin
from companion_xblocks.forms import BlockForm
from companion_xblocks.handling import answer_webob
from companion_xblocks.host import Host, closed_door


@XBlock.needs("i18n")
@XBlock.wants("user", "settings", "completion")
class CompanionBlock(CreditMixin, XBlock):
    """The fields and views that all kinds share. docs/references/xblocks.md lists the fields for authors of OLX."""

    kind: ClassVar[Kind]
    settings_form: ClassVar[type[BlockForm]] = BlockForm

    has_author_view = True
    icon_class = "other"

    display_name = String(default="", scope=Scope.settings, help="The title above the threads.")
    prompt = String(default="", scope=Scope.content, help="What people should write about, in Markdown.")
    topic = String(default="", scope=Scope.content, help="What it is about, in a word or two.")
    anonymity = String(
        default=Anonymity.ALLOWED.value, scope=Scope.content, help="Who may hide their name: off, allowed, default."
    )
    starters = String(
        default=Starters.EVERYONE.value, scope=Scope.content, help="Who may start threads: everyone, staff."
    )
    groups = String(
        default=Groups.NONE.value, scope=Scope.content, help="What cohorts mean here: none, visible, separate."
    )
    post_first = Boolean(
        default=False, scope=Scope.content, help="Whether learners write in a thread before they read its replies."
    )
    edit_minutes = Integer(
        default=0, scope=Scope.content, help="For how many minutes authors may change a post; 0 is always."
    )
    video = String(default="", scope=Scope.content, help="A video file, or a YouTube or Vimeo page, by its address.")
    before_days = Integer(default=7, scope=Scope.content, help="How many days before the event its thread opens.")
    before_prompt = String(default="", scope=Scope.content, help="What opens the thread before the event, in Markdown.")
    after_prompt = String(default="", scope=Scope.content, help="What opens the thread after the event, in Markdown.")
    event_at = DateTime(default=None, scope=Scope.settings, help="When the training event begins (UTC).")
    event_ends_at = DateTime(default=None, scope=Scope.settings, help="When the training event ends (UTC).")
    opens_at = DateTime(default=None, scope=Scope.settings, help="When learners first see the threads (UTC).")
    closes_at = DateTime(default=None, scope=Scope.settings, help="From when on learners only read (UTC).")

    # -- views -------------------------------------------------------------------------------------------------

    @XBlock.supports("multi_device")
    def student_view(self, _context: Any = None) -> Fragment:
        """The UI with its first page in it: no request of its own is needed to read."""
        if not self.host.is_in_course:
            return self.author_view()
        door = self.host.door()
        if isinstance(door, Viewer):
            try:
                activity = self.follow(door)
            except InvalidInput as error:
                door = closed_door(_("This is not set up right"), self._what_is_wrong(error, door))
            else:
                view = first_view(partial(show_list, activity=activity), viewer=door, mount=self.mount())
                return self._fragment(view)
        return self._fragment(door.html())

    def public_view(self, _context: Any = None) -> Fragment:
        """For somebody who is not signed in, where a course is open to the public: that there is something."""
        text = _("Sign in and enrol to read and to take part.")
        return self._fragment(closed_door(self.display_name, text).html())

    def author_view(self, _context: Any = None) -> Fragment:
        """What learners will see, in Studio: from the fields as they are now, writing nothing."""
        try:
            activity = self._preview()
        except InvalidInput as error:
            title = _("This is not set up right")
            return self._fragment(closed_door(title, " ".join(error.errors.values())).html())
        viewer = Viewer(organization_id=0, space_id=activity.space_id or 0, person_id=0, role=Role.ASSISTANT)
        activity.space_id = viewer.space_id
        view = first_view(partial(show_list, activity=activity), viewer=viewer, mount=self.mount())
        return self._fragment(view, is_inert=True)

    def studio_view(self, _context: Any = None) -> Fragment:
        """The form of the settings."""
        return studio.view(self)

    def student_view_data(self, _context: Any = None) -> dict[str, Any]:
        """For the mobile apps and the course blocks API: what it is, nothing of what people wrote."""
        return {
            "kind": self.kind.value,
            "title": self.display_name,
            "prompt": markdown.render(self.prompt) if self.prompt else "",
            "topic": self.topic,
            "anonymity": self.anonymity,
            "opens_at": self.opens_at.isoformat() if self.opens_at else None,
            "closes_at": self.closes_at.isoformat() if self.closes_at else None,
        }

    def index_dictionary(self) -> dict[str, Any]:
        """For Studio's search: what the author wrote."""
        index: dict[str, Any] = super().index_dictionary()
        content = {"display_name": self.display_name, "prompt": self.prompt, "topic": self.topic}
        index["content"] = {**index.get("content", {}), **content}
        index["content_type"] = "Companion"
        return index

    # -- handlers ----------------------------------------------------------------------------------------------

    @XBlock.handler
    def ui(self, request: Any, suffix: str = "") -> Any:
        """Every page of the UI below one address. Who may see what is asked anew each time: the platform lets any
        signed-in user call a handler, enrolled or not.
        """
        door = self.host.door()
        response = answer_webob(self, request, suffix, door)
        if isinstance(door, Viewer) and request.method == "POST":
            self.report_now(door)
        return response

    @XBlock.json_handler
    def studio_submit(self, data: Any, _suffix: str = "") -> dict[str, Any]:
        """Take the form of the settings: {"result": "success"} or {"errors": {field: sentence}}."""
        return studio.submit(self, data)

    # -- settings ----------------------------------------------------------------------------------------------

    @cached_property
    def host(self) -> Host:
        return Host(self)

    def mount(self) -> Mount:
        """The block's own handler, with credit going to the platform where the author set a rule."""
        token = compat.csrf_token()
        return self.host.mount(
            fields={"csrfmiddlewaretoken": token} if token else {}, report_credit=self.report_own_credit
        )

    @property
    def settings_names(self) -> tuple[str, ...]:
        """The settings of the kind that are fields here. The others are for another host: points in a gradebook."""
        return tuple(field.name for field in fields(SETTINGS[self.kind]) if field.name in self.fields)

    def values(self) -> dict[str, Any]:
        """The arguments of `spaces.follow_activity` that the fields give."""
        return {
            "external_id": str(self.scope_ids.usage_id),
            "kind": self.kind,
            "title": self._read("display_name") or str(self.kind.label),
            "settings": {name: self._read(name) for name in self.settings_names},
            **{name: self._read(name) for name in DATES},
        }

    def add_xml_to_node(self, node: Any) -> None:
        """The settings, and nothing of a learner: an export is for another course."""
        super().add_xml_to_node(node)
        for name, field in self.fields.items():
            if getattr(field.scope, "user", UserScope.NONE) is not UserScope.NONE and name in node.attrib:
                del node.attrib[name]

    def follow(self, viewer: Viewer) -> spaces.Activity:
        """The activity of this block in the course run where it stands, brought in line with the fields.

        Raises InvalidInput where a field holds what no form lets through (an import can bring anything).
        """
        with transaction.atomic():
            return spaces.follow_activity(space_id=viewer.space_id, **self.values())

    def validate(self) -> Any:
        """What is wrong, for Studio to show above the block."""
        validation = super().validate()
        for sentence in self.problems():
            validation.add(ValidationMessage(ValidationMessage.ERROR, sentence))
        return validation

    def problems(self) -> list[str]:
        try:
            self._preview()
        except InvalidInput as error:
            return list(error.errors.values())
        return []

    def _preview(self) -> spaces.Activity:
        return spaces.preview_activity(space_id=self.host.space_id(), **self.values())

    def _read(self, name: str) -> Any:
        """A field's value. What an import stored wrongly cannot be read, and counts as wrong rather than as empty."""
        try:
            return getattr(self, name)
        except (TypeError, ValueError) as error:
            raise InvalidInput({name: _("This cannot be read: %(field)s") % {"field": name}}) from error

    def _what_is_wrong(self, error: InvalidInput, viewer: Viewer) -> str:
        if viewer.can_configure:
            return " ".join(error.errors.values())
        return _("Please tell the people who run this course.")

    def _fragment(self, view: str, *, is_inert: bool = False) -> Fragment:
        fragment = Fragment(embed(view, is_inert=is_inert))
        for url in script_urls():
            fragment.add_javascript_url(url)
        fragment.initialize_js("CompanionBlock")
        return fragment

    def generate_report_data(
        self, user_state_iterator: Any, limit_responses: int | None = None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Rows of the instructor's response report: what each learner did under their own name."""
        return reports.rows(self, user_state_iterator, limit_responses)
