"""Completion and grade of a block: the credit rule that learners read above the threads, told to the platform."""

from __future__ import annotations

from typing import Any

from xblock.completable import CompletableXBlockMixin, XBlockCompletionMode
from xblock.fields import Boolean, Float, Integer, Scope
from xblock.scorable import ScorableXBlockMixin, Score

from companion import credit as credits
from companion.errors import InvalidInput
from companion.spaces.api import Activity
from companion.spaces.keys import external_key
from companion.viewer import Viewer


class CreditMixin(CompletableXBlockMixin, ScorableXBlockMixin):
    """Needs `host` and `follow` of the block."""

    completion_mode = XBlockCompletionMode.COMPLETABLE
    host: Any
    follow: Any
    scope_ids: Any

    credit_threads = Integer(default=0, scope=Scope.content, help="How many threads a learner starts for credit.")
    credit_replies = Integer(default=0, scope=Scope.content, help="How many replies a learner writes for credit.")
    credit_words = Integer(default=0, scope=Scope.content, help="How many words each of them has at least.")
    graded_credit = Boolean(default=False, scope=Scope.settings, help="Whether credit counts as a grade.")
    weight = Float(default=1.0, scope=Scope.settings, values={"min": 0}, help="How many points full credit gives.")
    reported_share = Float(default=0.0, scope=Scope.user_state, help="The credit that the platform knows of, 0 to 1.")

    @property
    def has_credit_rule(self) -> bool:
        try:
            return bool(self.credit_threads or self.credit_replies)
        except (TypeError, ValueError):
            # The platform asks for every block of a course: one broken field must not stop it.
            return False

    @property
    def has_custom_completion(self) -> bool:
        """Without a rule the platform completes the block when it was seen."""
        return self.has_credit_rule

    @property
    def has_score(self) -> bool:
        return bool(self.graded_credit and self.has_credit_rule)

    def report_own_credit(self, activity: Activity, credit: credits.Credit) -> None:
        """The same for an activity that is the block's own: other lists can be opened in it."""
        if activity.key == external_key(str(self.scope_ids.usage_id)):
            self.report_credit(credit)

    def report_credit(self, credit: credits.Credit) -> None:
        """Tell the platform how far a learner is. It never goes down: a post that a moderator hides costs nothing
        that the learner was told they had.
        """
        if credit.share <= self.reported_share:
            return
        self.reported_share = credit.share
        self.emit_completion(credit.share)
        if self.has_score:
            self._publish_grade(self.get_score(), only_if_higher=True)

    def report_now(self, viewer: Viewer) -> None:
        """After something was written. What was written anonymously does not count (threads/credit.py)."""
        if not self.has_credit_rule or viewer.is_staff or self.reported_share >= 1:
            return
        try:
            credit = credits.get_credit(activity=self.follow(viewer), person_id=viewer.person_id)
        except InvalidInput:
            return
        if credit is not None:
            self.report_credit(credit)

    def max_score(self) -> float | None:
        return 1.0 if self.has_score else None

    def has_submitted_answer(self) -> bool:
        return bool(self.reported_share > 0)

    def get_score(self) -> Score:
        return Score(raw_earned=self.reported_share, raw_possible=1.0)

    def set_score(self, score: Score) -> None:
        self.reported_share = score.raw_earned / score.raw_possible if score.raw_possible else 0.0

    def calculate_score(self) -> Score:
        """From what was written, for the platform's "rescore"."""
        door = self.host.door()
        credit = None
        if isinstance(door, Viewer):
            credit = credits.get_credit(activity=self.follow(door), person_id=door.person_id)
        return Score(raw_earned=credit.share if credit else 0.0, raw_possible=1.0)
