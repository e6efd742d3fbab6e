"""What other areas and the pages may ask of threads. The verbs stand in the module that each is about."""

from companion.threads.authors import AuthorLabel, author_label
from companion.threads.credit import Credit, Written, count_signed, credit_rule, get_credit
from companion.threads.listing import (
    Only,
    Sort,
    ThreadList,
    ThreadRow,
    latest_change,
    list_recent,
    list_threads,
    mark_all_seen,
)
from companion.threads.models import BODY_LIMIT, REASON_LIMIT, TITLE_LIMIT, Post, Thread
from companion.threads.moderating import hide_post, lock_thread, must_moderate, pin_thread, restore_post
from companion.threads.reading import (
    PostPage,
    PostView,
    get_post,
    get_thread,
    mark_seen,
    must_be_mine,
    read_news,
    read_thread,
    shown_title,
    view_post,
)
from companion.threads.retiring import retire_authors
from companion.threads.writing import add_reply, delete_post, edit_post, must_be_able_to_start, start_thread

__all__ = [
    "BODY_LIMIT",
    "REASON_LIMIT",
    "TITLE_LIMIT",
    "AuthorLabel",
    "Credit",
    "Only",
    "Post",
    "PostPage",
    "PostView",
    "Sort",
    "Thread",
    "ThreadList",
    "ThreadRow",
    "Written",
    "add_reply",
    "author_label",
    "count_signed",
    "credit_rule",
    "delete_post",
    "edit_post",
    "get_credit",
    "get_post",
    "get_thread",
    "hide_post",
    "latest_change",
    "list_recent",
    "list_threads",
    "lock_thread",
    "mark_all_seen",
    "mark_seen",
    "must_be_able_to_start",
    "must_be_mine",
    "must_moderate",
    "pin_thread",
    "read_news",
    "read_thread",
    "restore_post",
    "retire_authors",
    "shown_title",
    "start_thread",
    "view_post",
]
