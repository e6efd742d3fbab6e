"""What is found: one document a thing, and the words that documents have.

Nothing here knows who wrote anything, anonymously or not.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from companion import clock
from companion.viewer import Viewer

TEXT_LIMIT: Final = 20_000


class Kind(models.TextChoices):
    """What a document is made of."""

    POST = "post", _("Post")


class SearchDocumentQuerySet(models.QuerySet["SearchDocument"]):
    def visible_to(self, viewer: Viewer, *, elsewhere: Collection[int] = ()) -> SearchDocumentQuerySet:
        """The read rule as far as an index knows it; what is shown goes through the gates of its area besides.

        Own space, as the viewer's role and groups allow; what is shared in their organization; and, of other spaces
        where they are a member (`elsewhere`), what every learner there reads.
        """
        opened = Q(opens_at=None) | Q(opens_at__lte=clock.now())
        own = Q(space_id=viewer.space_id)
        if not viewer.is_staff:
            own &= opened & (Q(group_id=None) | Q(group_id__in=viewer.group_ids))
        # `in` and not `=`: SQLite and MariaDB use no index for a bare truth value.
        others = Q(is_shared__in=[True], organization_id=viewer.organization_id)
        if elsewhere:
            others |= Q(space_id__in=elsewhere)
        return self.filter(own | (others & opened & Q(group_id=None)))


class SearchDocument(models.Model):
    """One thing as it is searched for.

    What the row rules ask for stands before the long texts, so that they read the beginning of a row. SQLite keeps
    triggers on this table (migration 0005): a migration that makes the table anew has to put them back.
    """

    organization = models.ForeignKey("companion.Organization", on_delete=models.CASCADE, related_name="+")
    space = models.ForeignKey("companion.Space", on_delete=models.CASCADE, related_name="+")
    activity_id = models.BigIntegerField(null=True, db_index=True)
    # Set where nobody but the group reads it.
    group_id = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=20, choices=Kind.choices, default=Kind.POST)
    object_id = models.BigIntegerField()
    # The thread of a post, and the post's number in it.
    parent_id = models.BigIntegerField()
    number = models.PositiveIntegerField()
    is_opening = models.BooleanField()
    is_shared = models.BooleanField(default=False)
    # 0 for none, 1 found helpful, 2 endorsed, 3 accepted as the answer.
    standing = models.PositiveSmallIntegerField(default=0)
    helpful_count = models.PositiveIntegerField(default=0)
    opens_at = models.DateTimeField(null=True)
    at = models.DateTimeField()
    # Whether the vocabulary has counted its words.
    is_learned = models.BooleanField(default=False)
    # Terms of an index: where it is searched for, the title's, the text's (companion/search/terms.py).
    scope = models.CharField(max_length=60)
    title = models.CharField(max_length=200, blank=True)
    text = models.TextField()
    title_terms = models.TextField()
    terms = models.TextField()

    objects = SearchDocumentQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "object_id"], name="companion_document_once")]
        indexes = [
            models.Index(fields=["kind", "parent_id", "standing", "helpful_count"], name="companion_document_parent"),
            models.Index(fields=["is_learned", "id"], name="companion_document_learned"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"


class SearchWord(models.Model):
    """A term of an organization's documents, and in how many of them it is, about."""

    organization = models.ForeignKey(
        "companion.Organization", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    word = models.CharField(max_length=90)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "word"], name="companion_word_once")]

    def __str__(self) -> str:
        return self.word


class SearchProgress(models.Model):
    """How far a rebuild has come, for the next one to go on from there."""

    name = models.CharField(max_length=20, unique=True)
    last_id = models.BigIntegerField(default=0)
    started_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return f"{self.name}: {self.last_id}"
