"""The operator console: Django's admin behind a one-time password, in unfold's dress."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.apps import apps
from django.conf import settings
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django_otp.admin import OTPAdminSite
from django_otp.forms import OTPAuthenticationFormMixin
from django_otp.models import Device
from unfold.admin import ModelAdmin
from unfold.forms import AuthenticationForm
from unfold.sites import UnfoldAdminSite
from unfold.widgets import INPUT_CLASSES

from apps.core import attempts, gallery
from apps.core.attempts import SignInClosed, TooManyAttempts
from apps.core.operator_admin import ReadOnlyModelAdmin

# Guessing from one address leaves the operator's own address open; all of them together are slow.
PAIR_LIMIT = "5/5 minute"
NAME_LIMIT = "60/hour"
ADDRESS_LIMIT = "10/minute"


class OperatorLoginForm(OTPAuthenticationFormMixin, AuthenticationForm):  # type: ignore[misc]
    """E-mail, password and a code from the operator's device, asked at once."""

    otp_token = forms.CharField(
        label="One-time code",
        required=False,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "class": " ".join(INPUT_CLASSES),
            }
        ),
    )
    otp_error_messages: ClassVar[dict[str, Any]] = {
        **OTPAuthenticationFormMixin.otp_error_messages,
        "token_required": "Enter the code your authenticator app shows.",
        "invalid_token": "This code is not valid, or was used already. Wait for the next one.",
    }

    def clean(self) -> dict[str, Any]:
        """Counts every attempt, of an address and from one, until both secrets were right."""
        name = str(self.data.get(self.add_prefix("username"), "")).lower()
        address = self.request.META.get("REMOTE_ADDR", "")
        try:
            attempts.take("operator-address", address, ADDRESS_LIMIT)
            attempts.take("operator-name", name, NAME_LIMIT)
            attempts.take("operator", f"{name}:{address}", PAIR_LIMIT)
        except (TooManyAttempts, SignInClosed) as refusal:
            raise forms.ValidationError(refusal.detail, code=refusal.code) from refusal
        cleaned: dict[str, Any] = super().clean()
        self.clean_otp(self.get_user())
        attempts.forget("operator", f"{name}:{address}", PAIR_LIMIT)
        return cleaned

    def _chosen_device(self, user: Any) -> Device | None:
        """An operator has one device, so none is asked for. Locked: a code counts once."""
        devices = _device_model().objects.devices_for_user(user, confirmed=True)
        found: Device | None = devices.select_for_update().first()
        return found


def _device_model() -> Any:
    return apps.get_model(settings.OPERATOR_DEVICE_MODEL)


# The order matters: OTPAdminSite decides who may enter, unfold how it looks.
class OperatorSite(OTPAdminSite, UnfoldAdminSite):  # type: ignore[misc]
    """A password alone is refused everywhere below `/operator/`."""

    login_form = OperatorLoginForm
    login_template = "operator/login.html"
    index_title = "Overview"

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)

    def has_permission(self, request: HttpRequest) -> bool:
        """A person who is an operator still, and gave a code of an operator's device."""
        device = getattr(request.user, "otp_device", None)
        return super().has_permission(request) and isinstance(device, _device_model())

    def register(
        self, model_or_iterable: Any, admin_class: type | None = None, **options: Any
    ) -> None:
        """Takes pages written for this console; installed packages offer their stock ones too."""
        if admin_class is not None and issubclass(admin_class, ModelAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """The overview: the figures each page of the console has to offer."""
        pages = [page for page in self._registry.values() if isinstance(page, ReadOnlyModelAdmin)]
        figures = [figure for page in pages for figure in page.figures()]
        response: TemplateResponse = super().index(
            request, {"figures": figures, **(extra_context or {})}
        )
        return response

    def get_urls(self) -> list[URLPattern]:
        design = path("design/", self.admin_view(gallery.show), name="design")
        return [design, *super().get_urls()]
