"""Services of a platform: an access token, then the call. PyLTI1p3's connector with our own line out."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from typing import Any

import jwt
from django.core.cache import cache
from pylti1p3.service_connector import ServiceConnector
from requests.utils import parse_header_links

from companion.spaces.keys import external_key
from companion_lti import tool_keys
from companion_lti.models import Deployment, Registration
from companion_lti.outgoing import CallFailed, call, same_host
from companion_lti.tool import adapt


class NoAccess(CallFailed):
    """The platform gives us no token: what was to be called was not called."""


class Connector(ServiceConnector):
    """Calls with tokens that are kept until they expire, by (issuer, client, token URL, scopes).

    Raises CallFailed. A 401 drops the token and is tried once more.
    """

    def __init__(self, row: Registration) -> None:
        super().__init__(adapt(row))
        self.row = row

    @classmethod
    def for_deployment(cls, deployment: Deployment) -> Connector:
        """For the services of a deployment. Raises NoAccess for one that was shut out."""
        if not deployment.is_approved:
            raise NoAccess("is not approved here")
        return cls(deployment.registration)

    def get_access_token(self, scopes: Sequence[str]) -> str:
        # Whoever shut a platform out does not want to call it: a task may have waited since.
        if not (self.row.is_active and self.row.is_approved):
            raise NoAccess("is not active here")
        name = self._cache_key(scopes)
        token = cache.get(name)
        if token is None:
            token, lifetime = self._fetch_token(scopes)
            cache.set(name, token, timeout=max(lifetime - 60, 1))
        return str(token)

    def try_token(self, scopes: Sequence[str]) -> None:
        """Ask for a token, whether or not one is kept. Raises CallFailed."""
        self._fetch_token(scopes)

    def make_service_request(  # type: ignore[override]
        self,
        scopes: Sequence[str],
        url: str,
        is_post: bool = False,
        data: str | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
        case_insensitive_headers: bool = False,
    ) -> dict[str, Any]:
        """A call to a service; `next_page_url` is "" at the last page, and always on the same host."""
        return self.send("POST" if is_post else "GET", scopes, url, data=data, content_type=content_type, accept=accept)

    def send(
        self,
        method: str,
        scopes: Sequence[str],
        url: str,
        *,
        data: str | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
    ) -> dict[str, Any]:
        """The same by any method."""
        for attempt in (1, 2):
            headers = {"Authorization": f"Bearer {self.get_access_token(scopes)}", "Accept": accept}
            if data is not None:
                headers["Content-Type"] = content_type
            try:
                body, response = call(method, url, headers=headers, data=data)
            except CallFailed as error:
                if error.status != 401 or attempt == 2:
                    raise
                cache.delete(self._cache_key(scopes))
                continue
            return {
                "headers": response.headers,
                "body": body,
                "next_page_url": _next_page(url, response.headers),
            }
        raise AssertionError("unreachable")

    def _fetch_token(self, scopes: Sequence[str]) -> tuple[str, int]:
        kid, private_key = tool_keys.signing_key()
        now = int(time.time())
        assertion = jwt.encode(
            {
                "iss": self.row.client_id,
                "sub": self.row.client_id,
                "aud": self.row.auth_audience or self.row.auth_token_url,
                "iat": now - 5,
                "exp": now + 60,
                "jti": str(uuid.uuid4()),
            },
            private_key,
            algorithm="RS256",
            headers={"kid": kid},
        )
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion,
            "scope": " ".join(sorted(scopes)),
        }
        try:
            body, _response = call("POST", self.row.auth_token_url, data=form)
        except CallFailed as error:
            if 400 <= error.status < 500 and error.status != 429:
                raise NoAccess(str(error), status=error.status) from error
            raise
        token = body.get("access_token") if isinstance(body, dict) else None
        if not isinstance(token, str) or not token:
            raise CallFailed("gave no access token")
        lifetime = body.get("expires_in")
        return token, lifetime if isinstance(lifetime, int) and 0 < lifetime <= 86_400 else 3_600

    def _cache_key(self, scopes: Sequence[str]) -> str:
        parts = (self.row.issuer, self.row.client_id, self.row.auth_token_url, *sorted(scopes))
        return f"companion_lti.token.{external_key(*parts)}"


def _next_page(url: str, headers: Any) -> str:
    """The next page named by a Link header, unless it leads to another host: a token is never sent there."""
    for link in parse_header_links(headers.get("link", "")):
        if link.get("rel", "").lower() == "next":
            return same_host(url, link["url"])
    return ""
