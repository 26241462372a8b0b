"""Who may see details: which check fails, its messages, the build."""

from __future__ import annotations

import base64
import hmac

from django.conf import settings
from django.http import HttpRequest, JsonResponse

from dockerflow.conf import conf


def may_see_details(request: HttpRequest) -> bool:
    """Return whether ``DOCKERFLOW_HEARTBEAT_DETAILS`` or the token lets the client see details."""
    choice = conf.DOCKERFLOW_HEARTBEAT_DETAILS
    if choice == "always" or (choice == "debug" and settings.DEBUG):
        return True
    # Not request.headers, which is made of all headers when it is first asked for one.
    header = request.META.get("HTTP_AUTHORIZATION")
    if not header:
        return False
    token = conf.DOCKERFLOW_HEARTBEAT_TOKEN
    return token is not None and hmac.compare_digest(_bytes(_given_token(header)), _bytes(token))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # a header may hold anything


def challenge(request: HttpRequest) -> JsonResponse | None:
    """Return a 401 for a request of ``?details`` that may not see them, else None.

    A browser then asks for a user name, which may be anything, and for a password: the token.
    https://www.rfc-editor.org/rfc/rfc7617
    """
    # Not request.GET, which raises for a query of more than DATA_UPLOAD_MAX_NUMBER_FIELDS fields.
    query = request.META.get("QUERY_STRING", "")
    if "details" not in [field.partition("=")[0] for field in query.split("&")]:
        return None
    if may_see_details(request):
        return None
    if not conf.DOCKERFLOW_HEARTBEAT_TOKEN:
        return None
    return JsonResponse(
        {"error": "details need the token of the heartbeat: as a Bearer token, or as a password"},
        status=401,
        headers={"WWW-Authenticate": 'Basic realm="heartbeat", charset="UTF-8"'},
    )


def _given_token(header: str) -> str:
    scheme, _, given = header.partition(" ")
    if scheme.casefold() == "bearer":
        return given.strip()
    if scheme.casefold() == "basic":
        try:
            credentials = base64.b64decode(given.strip(), validate=True).decode()
        except ValueError:  # it is not ASCII, not base64, or not UTF-8 below that
            return ""
        return credentials.partition(":")[2]
    return ""
