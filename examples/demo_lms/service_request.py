"""Between Django and the library's services: requests in, responses out."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from lti1p3platform.exceptions import LtiServiceException
from lti1p3platform.request import Request, TRequest
from lti1p3platform.response import Response

from examples.demo_lms.models import Tool
from examples.demo_lms.platform import DemoPlatform, tool_of_bearer


class ServiceRequest(Request):
    """A request of the `tool` that its access token was given to.

    Numbers are numbers, as the library adds 1 to the page it is given. Raises LtiServiceException 401 without a
    token of an active tool, 400 for a body or a number that cannot be read.
    """

    def __init__(self, request: HttpRequest) -> None:
        self.tool = tool_of(request)
        self.platform = DemoPlatform(self.tool)
        super().__init__(request)

    def build_metadata(self, request: HttpRequest) -> TRequest:
        query: dict[str, Any] = request.GET.dict()
        query.pop("type_id", None)
        for name in ("page", "limit"):
            if name in query:
                query[name] = _positive(name, query[name])
        return {
            "method": request.method,
            "form_data": request.POST.dict(),
            "get_data": query,
            "headers": request.headers,
            "content_type": request.content_type,
            "path": request.path,
            "json": json_body(request),
        }


def tool_of(request: HttpRequest) -> Tool:
    """The active tool that the request's access token was given to, or LtiServiceException 401."""
    tool = tool_of_bearer(bearer_text(request))
    if tool is None:
        raise LtiServiceException("An access token of a tool that is active here is needed.", 401)
    return tool


def bearer_text(request: HttpRequest) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _positive(name: str, text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 10_000:
        raise LtiServiceException(f"{name} must be a number from 1 to 10000.", 400)
    return int(text)


def json_body(request: HttpRequest) -> dict[str, Any]:
    if request.method not in ("POST", "PUT"):
        return {}
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise LtiServiceException("The body is not JSON.", 400) from error
    if not isinstance(body, dict):
        raise LtiServiceException("The body is not a JSON object.", 400)
    return body


def to_django(response: Response) -> HttpResponse:
    """As the library's, with `rel` quoted in the Link header and the next page only there."""
    if not 200 <= response.code < 300:
        return JsonResponse({"error": response.message}, status=response.code)
    if response.result is None:
        return HttpResponse(status=response.code)
    result = response.result
    next_page = result.pop("next", None) if isinstance(result, dict) else None
    data = result["content"] if isinstance(result, dict) and "content" in result else result
    answer = JsonResponse(data, status=response.code, content_type=response.media_type, safe=False)
    if next_page:
        answer["Link"] = f'<{next_page}>; rel="next"'
    return answer
