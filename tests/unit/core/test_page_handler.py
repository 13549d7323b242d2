"""How requests get their threads."""

import asyncio
import threading

import pytest
from asgiref.sync import ThreadSensitiveContext
from django.http import HttpResponse
from django.test import RequestFactory

from apps.core import page_handler
from apps.core.page_handler import PageHandler
from config.asgi import django_application


@pytest.fixture
def handler(monkeypatch):
    monkeypatch.setattr(page_handler, "AT_ONCE", 1)
    monkeypatch.setattr(page_handler, "PATIENCE_SECONDS", 0.01)
    monkeypatch.setattr(page_handler.sys, "setswitchinterval", lambda _: None)
    return PageHandler()


def ask(handler, path="/"):
    return handler.get_response_async(RequestFactory().get(path))


async def in_a_thread(answer):
    """Of its own, as Django has it for each request."""
    async with ThreadSensitiveContext():
        return await answer


def test_a_request_is_done_in_one_go_of_a_thread(handler, monkeypatch):
    threads = []

    def answer(_request):
        threads.append(threading.get_ident())
        return HttpResponse("done")

    monkeypatch.setattr(handler, "get_response", answer)
    assert asyncio.run(ask(handler)).content == b"done"
    assert threads != [threading.get_ident()]
    assert not asyncio.iscoroutinefunction(handler._middleware_chain)
    assert isinstance(django_application, PageHandler)


def test_one_that_waits_for_something_else_holds_up_no_other(handler, monkeypatch):
    over = threading.Event()

    def answer(request):
        if request.path == "/slow/":
            over.wait()
        return HttpResponse(request.path)

    monkeypatch.setattr(handler, "get_response", answer)

    async def both():
        slow = asyncio.create_task(in_a_thread(ask(handler, "/slow/")))
        await asyncio.sleep(0)  # it has taken the one turn
        other = await asyncio.create_task(in_a_thread(ask(handler, "/other/")))
        over.set()
        return other, await slow

    other, slow = asyncio.run(both())
    assert (other.content, slow.content) == (b"/other/", b"/slow/")
