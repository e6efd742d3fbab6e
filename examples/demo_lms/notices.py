"""The Platform Notification Service, as Canvas has it: a tool says where it wants to be told of copied courses.

Notices are signed like an id token: https://www.imsglobal.org/spec/lti-pns/v1p0. Nobody waits for their delivery, and
one that fails is not repeated.
"""

from __future__ import annotations

import logging
import secrets
import threading
from typing import Any
from uuid import uuid4

import requests
from django.db import transaction
from django.utils import timezone

from examples.demo_lms.addresses import origin_of
from examples.demo_lms.claims import LTI, context_claim
from examples.demo_lms.config import CONFIG
from examples.demo_lms.models import Course, NoticeHandler, Tool
from examples.demo_lms.platform import registration
from examples.demo_lms.scopes import COPY_NOTICE, HELLO_NOTICE, NOTICE_SCOPE, NOTICE_TYPES

NOTICE_SECONDS = 3600
CONNECT_SECONDS, READ_SECONDS = 3, 5

logger = logging.getLogger(__name__)


class HandlerRefused(Exception):
    """The text is for the tool's maker."""


def catalogue(tool: Tool) -> dict[str, Any]:
    """Every type of notice with the tool's handler for it, or "" where it has none."""
    urls = {handler.notice_type: handler.url for handler in tool.notice_handlers.all()}
    return {
        "client_id": tool.client_id,
        "deployment_id": tool.deployment_id,
        "notice_handlers": [{"notice_type": name, "handler": urls.get(name, "")} for name in NOTICE_TYPES],
    }


@transaction.atomic
def set_handler(tool: Tool, notice_type: object, url: object) -> dict[str, Any]:
    """One handler for a type, on the tool's own origin; "" takes it away. A new one is greeted."""
    if notice_type not in NOTICE_TYPES:
        raise HandlerRefused(f"notice_type must be one of {', '.join(NOTICE_TYPES)}.")
    if not isinstance(url, str) or (url and origin_of(url) != tool.origin):
        raise HandlerRefused(f"handler must be an address under {tool.origin}, or empty.")
    handlers = tool.notice_handlers.filter(notice_type=notice_type)
    if not url:
        handlers.delete()
    elif not handlers.update(url=url):
        NoticeHandler.objects.create(tool=tool, notice_type=str(notice_type), url=url)
    if url and notice_type == HELLO_NOTICE:
        _send(tool, url, HELLO_NOTICE, {})
    return {"notice_type": notice_type, "handler": url}


def announce_copy(copy: Course, original: Course) -> None:
    """Tell every tool that asked, once the copy is stored."""
    claims = {
        f"{LTI}/context": context_claim(copy),
        f"{LTI}/origin_contexts": [original.context_id],
    }
    waiting = NoticeHandler.objects.filter(notice_type=COPY_NOTICE, tool__is_active=True).select_related("tool")
    for handler in waiting:
        if NOTICE_SCOPE in handler.tool.scopes:
            _send(handler.tool, handler.url, COPY_NOTICE, claims)


def _send(tool: Tool, url: str, notice_type: str, claims: dict[str, Any]) -> None:
    """Signed now and posted by a thread of its own, which knows no database."""
    notice = {"id": str(uuid4()), "timestamp": timezone.now().isoformat(timespec="seconds"), "type": notice_type}
    message = {
        "iss": CONFIG.issuer,
        "aud": tool.client_id,
        "nonce": secrets.token_urlsafe(24),
        f"{LTI}/deployment_id": tool.deployment_id,
        f"{LTI}/version": "1.3.0",
        f"{LTI}/notice": notice,
        **claims,
    }
    body = {"notices": [{"jwt": registration(tool).platform_encode_and_sign(message, expiration=NOTICE_SECONDS)}]}
    postman = threading.Thread(target=_post, args=(url, body), daemon=True)
    transaction.on_commit(postman.start)


def _post(url: str, body: dict[str, Any]) -> None:
    try:
        answer = requests.post(url, json=body, timeout=(CONNECT_SECONDS, READ_SECONDS), allow_redirects=False)
    except requests.RequestException as error:
        logger.warning("A notice did not reach %s: %s", url, error)
        return
    if not answer.ok:
        logger.warning("A notice was refused by %s: %s", url, answer.status_code)
