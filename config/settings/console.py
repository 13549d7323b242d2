"""The operator console (unfold)."""

OTP_TOTP_ISSUER = "ToolBoxAI operators"
UNFOLD = {
    "SITE_TITLE": "ToolBoxAI operators",
    "SITE_HEADER": "ToolBoxAI",
    "SITE_SUBHEADER": "Operator console",
    "SITE_URL": "/",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": "apps.tenants.console.badge",
}
