"""From a form of ours to a page of somebody else's.

Browsers hold a form's redirects to the policy's `form-action`, and the pages that vendors lead
through are many. So a form is answered by a page of ours that goes on by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseRedirectBase
from django.shortcuts import render

PLACES = ("/accounts/", "/_allauth/")


class OnwardMiddleware:
    """Turns a redirect to another host, after a form of sign-in, into a page that leads there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        leaves = (
            request.method == "POST"
            and request.path.startswith(PLACES)
            and isinstance(response, HttpResponseRedirectBase)
            and urlsplit(response.url).netloc not in {"", request.get_host()}
        )
        return lead(request, response) if leaves else response


def lead(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    url = response["Location"]
    page = render(request, "account/onward.html", {"url": url, "host": urlsplit(url).hostname})
    page["Refresh"] = f"0; url={url}"
    page["Cache-Control"] = "no-store"
    page["Referrer-Policy"] = "no-referrer"
    page.cookies = response.cookies
    return page
