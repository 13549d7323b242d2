"""What people get: the preference centre, and the link below each mail that can be declined."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from apps.mail.catalogue import CATEGORIES
from apps.mail.forms import WishesForm
from apps.mail.models import Wishes
from apps.mail.services import choices, suppressions
from apps.tenants.pages import person_page
from apps.tenants.requests import PublicRequest


@require_http_methods(["GET", "HEAD", "POST"])
@person_page
def choose(request: PublicRequest) -> HttpResponse:
    wishes = Wishes.objects.filter(user=request.user).first() or Wishes(
        user=request.user, time_zone=timezone.get_current_timezone_name()
    )
    form = WishesForm(request.POST if request.method == "POST" else None, instance=wishes)
    if form.is_valid():
        choices.choose(by=request.user, wanted=request.POST.getlist("wanted"), wishes=form.instance)
        messages.success(request, "From now on you get what you chose.")
        return redirect("account_mail")
    declined = choices.declined(request.user.email)
    if form.is_bound:
        declined = set(choices.OPTIONAL) - set(request.POST.getlist("wanted"))
    context = {
        "form": form,
        "kept_back": suppressions.of_person(request.user),
        "optional": [(category, key not in declined) for key, category in choices.OPTIONAL.items()],
        "always": [
            category
            for category in CATEGORIES.values()
            if not category.optional and (category.key != "operations" or request.user.is_staff)
        ],
    }
    status = 422 if form.is_bound else 200
    return render(request, "account/mail.html", context, status=status)


@require_POST
@person_page
def again(request: PublicRequest) -> HttpResponse:
    """Have mail sent again that a bounce or a mark as spam stopped."""
    if suppressions.want_again(by=request.user):
        messages.success(request, "Mail comes to you again.")
    return redirect("account_mail")


# A mail program posts without cookies (RFC 8058, section 3.2); the token is the proof.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Looking at the link changes nothing, for programs look at links, too. `again` undoes it."""
    message = choices.message_of(token)
    category = choices.OPTIONAL.get(message.category)
    if request.method == "POST" and "again" in request.POST:
        choices.subscribe_again(message=message)
    elif request.method == "POST":
        choices.unsubscribe(message=message)
    context = {
        "category": category, "address": message.to, "done": choices.is_unsubscribed(message),
        "again": "again" in request.POST,
    }  # fmt: skip
    return render(request, "account/unsubscribe.html", context)
