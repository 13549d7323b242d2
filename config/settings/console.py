"""The operator console (unfold)."""

from django.urls import reverse_lazy

OTP_TOTP_ISSUER = "ToolBoxAI operators"
UNFOLD = {
    "SITE_TITLE": "ToolBoxAI operators",
    "SITE_HEADER": "ToolBoxAI",
    "SITE_SUBHEADER": "Operator console",
    "SITE_URL": "/",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "LOGIN": {"redirect_after": lambda request: reverse_lazy("admin:index")},  # noqa: ARG005
}
