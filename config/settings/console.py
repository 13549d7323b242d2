"""The operator console (unfold)."""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy

OTP_TOTP_ISSUER = "ToolBoxAI operators"
# Whose codes open the console. Other kinds of devices that django-otp knows do not.
OPERATOR_DEVICE_MODEL = "accounts.OperatorDevice"


_names: set[str] = set()


def _item(title: str, icon: str, name: str) -> dict[str, Any]:
    _names.add(name)
    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{name}")}


def _rows(title: str, icon: str, model: str) -> dict[str, Any]:
    """A list; it is where one is on all pages below it but those that have an entry themselves."""
    item = _item(title, icon, f"{model}_changelist")

    def is_active(request: Any) -> bool:
        below: bool = request.path.startswith(str(item["link"]))
        return below and request.resolver_match.url_name not in _names - {f"{model}_changelist"}

    return {**item, "active": is_active}


UNFOLD = {
    "SITE_TITLE": "ToolBoxAI operators",
    "SITE_HEADER": "ToolBoxAI",
    "SITE_SUBHEADER": "Operator console",
    "SITE_SYMBOL": "home_repair_service",
    "SITE_URL": "/",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("favicon.svg")}
    ],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": "apps.tenants.console.badge",
    # The accent of frontend/src/tokens.css, in unfold's steps from light to dark.
    "COLORS": {
        "primary": {
            "50": "#eef2ff",
            "100": "#dfe6fe",
            "200": "#c3cffb",
            "300": "#a9b9fc",
            "400": "#94a9ff",
            "500": "#4d70f2",
            "600": "#2f55dc",
            "700": "#2445bd",
            "800": "#263f9c",
            "900": "#243778",
            "950": "#1a2140",
        }
    },
    "SIDEBAR": {
        "show_search": True,
        "navigation": [
            {
                "title": "Customers",
                "items": [
                    _item("Overview", "monitoring", "index"),
                    _rows("Workspaces", "domain", "tenants_tenant"),
                    _rows("Usage", "bar_chart", "usage_workspaceusage"),
                    _rows("People", "person", "accounts_user"),
                    _rows("Memberships", "group", "tenants_membership"),
                    _rows("Deleted workspaces", "delete_history", "tenants_departure"),
                    _rows("Exports", "upload_file", "transfers_export"),
                    _rows("Imports and clones", "download", "transfers_import"),
                    _rows("Trusted installations", "handshake", "transfers_trustedkey"),
                    _rows("Invitations", "forward_to_inbox", "tenants_invitation"),
                    _rows("School sign-ins", "passkey", "sso_connection"),
                    _rows("API keys", "key", "gateway_apikey"),
                    _rows("Provisioning", "sync", "scim_provisionedworkspace"),
                    _rows("SCIM tokens", "vpn_key", "scim_scimtoken"),
                    _rows("API usage", "query_stats", "gateway_apiusage"),
                ],
            },
            {
                "title": "Payments",
                "separator": True,
                "items": [
                    _item("Business", "trending_up", "payments_business"),
                    _rows("Paying customers", "storefront", "payments_account"),
                    _rows("Invoices", "receipt_long", "payments_invoice"),
                    _rows("Credit notes", "receipt", "payments_creditnote"),
                    _rows("Payments", "credit_card", "payments_payment"),
                    _rows("Refunds", "undo", "payments_refund"),
                    _rows("Credits", "savings", "payments_customercredit"),
                    _rows("Disputes", "gavel", "payments_dispute"),
                    _item("Dunning", "running_with_errors", "payments_dunning_board"),
                    _rows("Unpaid invoices", "money_off", "payments_dunningcase"),
                    _item("Ledger", "account_balance", "payments_ledger"),
                    _rows("Ledger transactions", "list_alt", "payments_ledgertransaction"),
                    _rows("Deeds at Stripe", "contract_edit", "payments_attempt"),
                    _rows("Stripe's events", "bolt", "payments_stripeevent"),
                    _rows("Comparisons", "difference", "payments_reconcilerun"),
                ],
            },
            {
                "title": "In the chosen workspace",
                "separator": True,
                "items": [
                    _rows("Experiences", "deployed_code", "roblox_experience"),
                    _rows("Releases", "sell", "roblox_release"),
                    _rows("Deployments", "rocket_launch", "roblox_deployment"),
                    _rows("Artifacts", "package_2", "roblox_artifact"),
                    _rows("Files", "folder", "media_blob"),
                    _rows("Classes", "school", "classes_schoolclass"),
                    _rows("Kept answers", "quick_reference_all", "answers_cachedanswer"),
                ],
            },
            {
                "title": "Running",
                "separator": True,
                "items": [
                    _item("Queues and workers", "speed", "jobs_dashboard"),
                    _rows("Jobs", "bolt", "jobs_jobrun"),
                    _rows("Failures", "running_with_errors", "jobs_failure"),
                    _rows("Schedule", "schedule", "django_celery_beat_periodictask"),
                    _rows("Mail", "mail", "mail_message"),
                    _item("Mail, how it goes", "monitoring", "mail_statistics"),
                    _item("Mail gallery", "gallery_thumbnail", "mail_gallery"),
                    _rows("Suppressed addresses", "unsubscribe", "mail_suppression"),
                    _rows("Sender domains", "domain_verification", "mail_senderdomain"),
                    _rows("Audit", "shield", "audit_auditentry"),
                    _rows("Isolation", "verified_user", "isolation_probe"),
                    _rows("Outside services", "electrical_services", "vendors_vendor"),
                    _rows("Webhooks", "webhook", "webhooks_endpoint"),
                    _rows("Realtime apps", "sensors", "realtime_realtimeapp"),
                    _rows("Channel webhooks", "cell_tower", "realtime_channelwebhook"),
                    _rows("Semantic cache", "cached", "semantic_cache_cacheday"),
                ],
            },
            {
                "title": "Fleet",
                "separator": True,
                "items": [
                    _rows("Rollouts", "conveyor_belt", "fleet_rollout"),
                    _rows("Schemas", "database", "fleet_schema"),
                    _rows("Versions", "history", "fleet_schemaversion"),
                ],
            },
            {
                "title": "Operators",
                "separator": True,
                "items": [
                    _rows("Devices", "phonelink_lock", "accounts_operatordevice"),
                    _item("Design", "palette", "design"),
                ],
            },
        ],
    },
}
