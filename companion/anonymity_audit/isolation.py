"""Nothing of an audit stays: rows, files, e-mail, cache entries and lines of the log are its own and go with it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, Final
from unittest.mock import patch

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core import mail
from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache
from django.core.files.storage import InMemoryStorage
from django.db import IntegrityError, connection, transaction
from django.db.models import FileField, Model, QuerySet
from django.db.models.signals import post_save, pre_save
from django_tasks_db.models import DBTaskResult

from companion import events
from companion.models import Person
from companion.subscriptions import SUBSCRIPTIONS

# A person's id of nine digits stands nowhere by chance.
FIRST_PERSON: Final = 731_000_001


class Kept:
    """What would have left the service, kept here instead."""

    def __init__(self) -> None:
        self.facts: list[str] = []
        self.log: list[str] = []
        self.mail: list[Any] = []
        self.tasks: list[str] = []
        self.files = InMemoryStorage()
        self.ids = SameIds()
        self._announced_before = len(connection.run_on_commit)

    def forget(self) -> None:
        """Begin anew, for another world: also with what the process has drawn and kept."""
        for kept in (self.facts, self.log, self.mail, self.tasks):
            kept.clear()
        for name in self.file_names():
            self.files.delete(name)
        caches["default"].clear()
        for name, module in list(sys.modules.items()):
            if name.startswith("companion."):
                for value in vars(module).values():
                    if hasattr(value, "cache_clear"):
                        value.cache_clear()

    def file_names(self, folder: str = "") -> list[str]:
        folders, files = self.files.listdir(folder)
        inside = [name for inner in folders for name in self.file_names(f"{folder}{inner}/")]
        return sorted([*inside, *(folder + name for name in files)])

    def hear(self, fact: events.Fact) -> None:
        self.facts.append(repr(fact))

    def hear_task(self, instance: DBTaskResult[Any, Any], created: bool, **_kwargs: object) -> None:
        if created:
            self.tasks.append(f"{instance.task_path} {instance.args_kwargs}")

    def run_handlers(self) -> None:
        """Do at once what our own subscriptions do after a commit. What a host subscribed hears of nothing."""
        own = {self.hear, *(handler for _fact, handler in SUBSCRIPTIONS)}
        while announced := connection.run_on_commit[self._announced_before :]:
            del connection.run_on_commit[self._announced_before :]
            for callback in announced:
                send = callback[1]
                if isinstance(send, partial) and own.intersection(send.args[:1]):
                    send()


class SameIds:
    """Rows get the same ids in every world, so that pages of two worlds can be held against each other.

    The first world takes what the database gives (PostgreSQL and MySQL give no id twice, also after a rollback); the
    next ones take the same, in the same order. People's are distinctive, except on MySQL, which would go on counting
    from there.
    """

    def __init__(self) -> None:
        self.given: dict[type[Model], list[Any]] = {}
        self._used: dict[type[Model], int] = {}
        taken = Person.objects.filter(pk__gte=FIRST_PERSON).exists()
        self.are_distinctive = connection.vendor != "mysql" and not taken

    @contextmanager
    def used(self) -> Iterator[None]:
        self._used = {}
        pre_save.connect(self._before)
        post_save.connect(self._after)
        try:
            with patch.object(QuerySet, "bulk_create", _one_by_one(QuerySet.bulk_create)):
                yield
        finally:
            pre_save.disconnect(self._before)
            post_save.disconnect(self._after)

    def _before(self, sender: type[Model], instance: Model, **_kwargs: object) -> None:
        if not instance._state.adding or instance.pk is not None:
            return
        used = self._used.get(sender, 0)
        given = self.given.get(sender, [])
        if used < len(given):
            instance.pk = given[used]
        elif sender is Person and self.are_distinctive:
            instance.pk = FIRST_PERSON + used

    def _after(self, sender: type[Model], instance: Model, created: bool, **_kwargs: object) -> None:
        if created:
            used = self._used[sender] = self._used.get(sender, 0) + 1
            given = self.given.setdefault(sender, [])
            if used > len(given):
                given.append(instance.pk)


def _one_by_one(bulk_create: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    """Rows made in one go send no signals: the audit makes each for itself, and leaves out those that exist."""

    def created(rows: QuerySet[Any], objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        made = list(objs)
        if args or kwargs.get("update_conflicts"):
            return bulk_create(rows, made, *args, **kwargs)
        for one in made:
            try:
                with transaction.atomic():
                    one.save_base(force_insert=True, using=rows.db)
            except IntegrityError:
                if not kwargs.get("ignore_conflicts"):
                    raise
        return made

    return created


class _Lines(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name} {record.levelname}: {self.format(record)}")


@contextmanager
def nothing_stays() -> Iterator[Kept]:
    """A transaction of the configured database that is rolled back whatever happens.

    It sees the database as it was at its beginning: what others write meanwhile makes no difference between two looks.
    """
    with ExitStack() as stack:
        stack.enter_context(_snapshot())
        kept = Kept()
        for model in apps.get_models():
            for field in model._meta.get_fields():
                if isinstance(field, FileField) and model._meta.app_label.startswith("companion"):
                    stack.enter_context(patch.object(field, "storage", kept.files))
        # Addresses of static files as they are: a service that was never started has not collected any.
        stack.enter_context(patch.object(staticfiles_storage, "url", f"{settings.STATIC_URL}{{}}".format))
        stack.enter_context(patch.object(settings, "EMAIL_BACKEND", "django.core.mail.backends.locmem.EmailBackend"))
        stack.enter_context(patch.object(mail, "outbox", kept.mail, create=True))
        stack.enter_context(_own_cache())
        stack.enter_context(_own_log(kept.log))
        for fact in events.ALL:
            events.subscribe(fact, kept.hear)
            stack.callback(events.unsubscribe, fact, kept.hear)
        post_save.connect(kept.hear_task, sender=DBTaskResult)
        stack.callback(post_save.disconnect, kept.hear_task, sender=DBTaskResult)
        # At last, so that it is done first: while the cache is the audit's own.
        stack.callback(kept.forget)
        yield kept


@contextmanager
def rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def _snapshot() -> Iterator[None]:
    is_outermost = not connection.in_atomic_block
    with rolled_back():
        # SQLite's transactions are of this kind without being asked; inside of another one it is too late to ask.
        if is_outermost and connection.vendor != "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


@contextmanager
def _own_cache() -> Iterator[None]:
    before = caches["default"]
    caches["default"] = LocMemCache("companion-anonymity-audit", {})
    try:
        yield
    finally:
        caches["default"].clear()
        caches["default"] = before


@contextmanager
def _own_log(lines: list[str]) -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = [_Lines(lines)]
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
