"""What changes while the LMS runs. People and unit texts do not: they are in course.py."""

from __future__ import annotations

from django.db import models

from examples.demo_lms import course as catalogue


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
    """A placement of the tool in a unit: what LTI calls a resource link."""

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="links")
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


class LineItem(models.Model):
    """A column of the gradebook."""

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="line_items")
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
    """The last score the tool sent for one person in one column."""

    line_item = models.ForeignKey(LineItem, on_delete=models.CASCADE, related_name="results")
    sub = models.CharField(max_length=50)
    score_given = models.FloatField(null=True)
    score_maximum = models.FloatField(null=True)
    comment = models.TextField(blank=True)
    activity_progress = models.CharField(max_length=20)
    grading_progress = models.CharField(max_length=20)
    timestamp = models.DateTimeField()

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
    """A launch that somebody asked for. Its hint works once, for that person, for five minutes."""

    hint = models.CharField(max_length=64, unique=True)
    person_key = models.CharField(max_length=50)
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="+")
    unit_slug = models.CharField(max_length=50)
    link = models.ForeignKey(Link, on_delete=models.CASCADE, null=True, related_name="+")
    document_target = models.CharField(max_length=10)
    data = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True)
    returned_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.person_key} to {self.link_id or 'deep linking'}"


class UsedValue(models.Model):
    """A nonce or jti that has been seen, so that the same message does not count twice."""

    kind = models.CharField(max_length=20)
    value = models.CharField(max_length=255)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "value"], name="used_value_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"
