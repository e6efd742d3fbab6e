"""What changes while the LMS runs. People and unit texts do not: they are in course.py."""

from __future__ import annotations

from django.db import models

from examples.demo_lms import course as catalogue
from examples.demo_lms.addresses import origin_of
from examples.demo_lms.config import CONFIG
from examples.demo_lms.scopes import DEEP_LINK, LAUNCH, REVIEW


class Tool(models.Model):
    """A tool that launches may lead to: the one that the environment names, or one that registered itself.

    `messages` are the LTI messages that it takes, each with an address of its own or "". What has a tool may also
    have none (rows from before there were several): then it is the environment's.
    """

    client_id = models.CharField(max_length=255, unique=True)
    name = models.CharField(max_length=255)
    login_url = models.CharField(max_length=2000)
    launch_url = models.CharField(max_length=2000)
    redirect_uris = models.JSONField(default=list)
    jwks_url = models.CharField(max_length=2000)
    deployment_id = models.CharField(max_length=255)
    scopes = models.JSONField(default=list)
    claims = models.JSONField(default=list)
    custom = models.JSONField(default=dict)
    messages = models.JSONField(default=dict)
    is_active = models.BooleanField(default=False)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_built_in(self) -> bool:
        return self.client_id == CONFIG.client_id

    @property
    def origin(self) -> str:
        return origin_of(self.launch_url)

    @property
    def origins(self) -> set[str]:
        """Every place that a launch may lead a browser to."""
        return {origin_of(url) for url in (self.login_url, self.launch_url, *self.redirect_uris)} - {""}

    @property
    def takes_deep_links(self) -> bool:
        return DEEP_LINK in self.messages

    @property
    def takes_reviews(self) -> bool:
        return REVIEW in self.messages

    def is_launch_url(self, url: str) -> bool:
        """Whether it is the launch address, with or without a query: so does Canvas find a URL's tool."""
        return url.partition("?")[0] == self.launch_url.partition("?")[0] and len(url) <= 2000


class NoticeHandler(models.Model):
    """Where a tool wants to be told of something."""

    tool = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="notice_handlers")
    notice_type = models.CharField(max_length=50)
    url = models.CharField(max_length=2000)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["tool", "notice_type"], name="one_handler_per_notice_type")]

    def __str__(self) -> str:
        return f"{self.notice_type} to {self.url}"


class RegistrationOffer(models.Model):
    """An administrator's permission for one tool to register itself; of its token only the hash is kept."""

    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"until {self.expires_at}"


def _owner(tool: Tool | None) -> Tool:
    return tool or Tool.objects.get(client_id=CONFIG.client_id)


class Course(models.Model):
    """A run of one of the catalogue's courses; copying makes another run."""

    template = models.CharField(max_length=50)
    label = models.CharField(max_length=50)
    title = models.CharField(max_length=200)
    history = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return self.title

    @property
    def context_id(self) -> str:
        return str(self.pk)

    @property
    def content(self) -> catalogue.Course:
        return catalogue.get_course(self.template)


class Enrolment(models.Model):
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="enrolments")
    person_key = models.CharField(max_length=50)
    role = models.CharField(max_length=20, choices=[("instructor", "Instructor"), ("learner", "Learner")])

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["course", "person_key"], name="one_role_per_course")]

    def __str__(self) -> str:
        return f"{self.person_key}: {self.role}"

    @property
    def person(self) -> catalogue.Person:
        person = catalogue.find_person(self.person_key)
        assert person is not None
        return person


class Link(models.Model):
    """A placement of a tool in a unit: what LTI calls a resource link."""

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="links")
    tool = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="links", null=True, blank=True)
    unit_slug = models.CharField(max_length=50)
    title = models.CharField(max_length=255)
    text = models.TextField(blank=True)
    url = models.URLField(max_length=2000, blank=True)
    custom = models.JSONField(default=dict)
    history = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.title

    @property
    def owner(self) -> Tool:
        return _owner(self.tool)


class LineItem(models.Model):
    """A column of the gradebook, which belongs to the tool that made it."""

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="line_items")
    tool = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="line_items", null=True, blank=True)
    link = models.ForeignKey(Link, on_delete=models.CASCADE, related_name="line_items", null=True, blank=True)
    label = models.CharField(max_length=255)
    score_maximum = models.FloatField()
    resource_id = models.CharField(max_length=255, blank=True)
    tag = models.CharField(max_length=255, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.CheckConstraint(condition=models.Q(score_maximum__gt=0), name="score_maximum_positive")]

    def __str__(self) -> str:
        return self.label


class Result(models.Model):
    """The last score for one person in one column: from the tool, or by hand from a teacher (`overridden_by`)."""

    line_item = models.ForeignKey(LineItem, on_delete=models.CASCADE, related_name="results")
    sub = models.CharField(max_length=50)
    score_given = models.FloatField(null=True)
    score_maximum = models.FloatField(null=True)
    comment = models.TextField(blank=True)
    activity_progress = models.CharField(max_length=20)
    grading_progress = models.CharField(max_length=20)
    timestamp = models.DateTimeField()
    overridden_by = models.CharField(max_length=50, blank=True, default="", db_default="")

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["line_item", "sub"], name="one_result_per_person")]

    def __str__(self) -> str:
        return f"{self.sub}: {self.score_given}"

    @property
    def scaled(self) -> float | None:
        """The score on the column's own scale, as results and the gradebook show it."""
        if self.score_given is None or not self.score_maximum:
            return None
        return self.score_given / self.score_maximum * self.line_item.score_maximum


class LaunchMessage(models.Model):
    """A launch that somebody asked for. Its hint works once, for that person and that tool, for five minutes.

    `url` is where in the tool it is to lead, if not to the link's own address. A launch without a link asks what to
    place; one with a `line_item` looks at the work of `for_sub` in that column.
    """

    hint = models.CharField(max_length=64, unique=True)
    person_key = models.CharField(max_length=50)
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="+")
    tool = models.ForeignKey(Tool, on_delete=models.CASCADE, null=True, related_name="+")
    unit_slug = models.CharField(max_length=50)
    link = models.ForeignKey(Link, on_delete=models.CASCADE, null=True, related_name="+")
    line_item = models.ForeignKey(LineItem, on_delete=models.CASCADE, null=True, related_name="+")
    for_sub = models.CharField(max_length=50, blank=True, default="", db_default="")
    document_target = models.CharField(max_length=10)
    url = models.CharField(max_length=2000, blank=True)
    data = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True)
    returned_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.person_key} to {self.link_id or 'deep linking'}"

    @property
    def owner(self) -> Tool:
        return _owner(self.tool)

    @property
    def message_type(self) -> str:
        if self.line_item_id:
            return REVIEW
        return LAUNCH if self.link_id else DEEP_LINK


class UsedValue(models.Model):
    """A nonce or jti that has been seen, so that the same message does not count twice."""

    kind = models.CharField(max_length=20)
    value = models.CharField(max_length=255)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "value"], name="used_value_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"
