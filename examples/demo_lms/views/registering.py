"""How a tool registers itself: what it must know of this LMS, the registration, and what became of it."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST
from lti1p3platform.exceptions import LtiServiceException

from examples.demo_lms import registering
from examples.demo_lms.registration_input import MetadataRefused, read_metadata
from examples.demo_lms.service_request import bearer_text, json_body, tool_of


@require_GET
def openid_configuration(request: HttpRequest) -> JsonResponse:
    return JsonResponse(registering.openid_configuration())


@csrf_exempt
@require_POST
def register(request: HttpRequest) -> JsonResponse:
    """With the token that an administrator's browser brought to the tool."""
    token = bearer_text(request)
    try:
        registering.check_offer(token)
        tool = registering.register(token, read_metadata(json_body(request)))
    except registering.OfferRefused:
        return _refused("invalid_token", "A registration token is needed that is fresh and was not used yet.", 401)
    except MetadataRefused as refusal:
        return _refused("invalid_client_metadata", str(refusal), 400)
    except LtiServiceException as error:
        return _refused("invalid_client_metadata", error.message, 400)
    return JsonResponse(registering.registered(tool))


@require_GET
def registration(request: HttpRequest, client_id: str) -> JsonResponse:
    """A tool reads its own registration, with any of its access tokens."""
    try:
        tool = tool_of(request)
    except LtiServiceException as error:
        return _refused("invalid_token", error.message, 401)
    if tool.client_id != client_id:
        return _refused("invalid_token", "The access token is another tool's.", 401)
    return JsonResponse(registering.registered(tool))


def _refused(code: str, description: str, status: int) -> JsonResponse:
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return JsonResponse({"error": code, "error_description": description}, status=status, headers=headers)
