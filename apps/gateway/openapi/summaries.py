"""What each operation is called in a list of them: a few words, as a reader looks for it.

Reading is the same everywhere and told by the resource. Of other operations the first sentence of
the view's docstring is taken, where `SUMMARIES` has nothing better.
"""

from __future__ import annotations

import re
from typing import Any, Final

LONGEST: Final = 60
# By the beginning of the operation's name: many, one.
RESOURCES: Final = {
    "api_keys": ("API keys", "an API key"),
    "classes": ("classes", "a class"),
    "credit_notes": ("credit notes", "a credit note"),
    "deployments": ("deployments", "a deployment with its steps"),
    "experiences": ("experiences", "an experience"),
    "experiences_environments": ("environments", "an environment"),
    "exports": ("exports", "an export"),
    "invitation_links": ("invitation links", "an invitation link"),
    "invitations": ("invitations", "an invitation"),
    "invoices": ("invoices", "an invoice"),
    "jobs": ("jobs", "a job with its outcome"),
    "mails": ("mails", "a mail with its timeline"),
    "members": ("members", "a member"),
    "payment_problems": ("payment problems", "a payment problem with its timeline"),
    "payments": ("payments", "a payment with its refunds"),
    "pupils": ("pupils", "a pupil"),
    "releases": ("releases", "a release with its findings"),
    "roles": ("roles", "a role"),
    "schools": ("schools of the district", "a school"),
    "mail_suppressions": ("suppressed addresses", "a suppressed address"),
    "sender_domains": ("sender domains", "a sender domain with its records"),
    "sessions": ("your sessions", "a session"),
    "webhooks_endpoints": ("webhook endpoints", "a webhook endpoint"),
    "webhooks_endpoints_deliveries": ("deliveries", "a delivery with its attempts"),
    "webhooks_event_types": ("event types", "an event type"),
    "realtime_apps": ("realtime apps", "a realtime app"),
    "realtime_apps_webhooks": ("webhooks of a realtime app", "a webhook of a realtime app"),
    "realtime_apps_webhooks_deliveries": ("batches sent to a webhook", "a batch with its answer"),
    "workspace": ("workspaces", "the workspace"),
    "workspace_configuration": ("configurations", "the configuration"),
    "workspace_configuration_versions": ("versions of the configuration", "a version"),
    "workspace_domains": ("domains", "a domain"),
}
SUMMARIES: Final = {
    "api_keys_create": "Create an API key",  # pragma: allowlist secret
    "api_keys_delete": "Revoke an API key",  # pragma: allowlist secret
    "api_keys_rotate": "Rotate a key's secret",
    "api_keys_update": "Change a key's name, scopes or networks",
    "billing": "Get the plan, the subscription and the next charge",
    "billing_beyond": "Get what is used beyond the plan, and its cost",
    "billing_beyond_set": "Pay for use beyond the plan, or not",
    "billing_cancel": "Cancel the subscription",
    "billing_change": "Change plan, interval or seats",
    "billing_change_drop": "Drop a planned change",
    "billing_checkout_conclude": "Find out what became of a checkout",
    "billing_checkout_create": "Begin a checkout",
    "billing_checkout_setup": "Begin a checkout that leaves a means of payment",
    "billing_details_get": "Get the billing details",
    "billing_details_update": "Change the billing details",
    "billing_keep": "Undo the cancellation",
    "billing_offer": "Take the discount for staying",
    "billing_order_create": "Subscribe by invoice",
    "billing_pause": "Pause the subscription",
    "billing_portal_create": "Open Stripe's page for means of payment",
    "billing_preview": "Preview what a plan would cost",
    "billing_resume": "End the pause",
    "billing_trial_create": "Start the free trial",
    "billing_unconfirmed_drop": "Drop what Stripe did not confirm",
    "billing_unconfirmed_retry": "Ask again for what Stripe did not confirm",
    "classes_code": "Give a class a new code",
    "classes_create": "Create a class",
    "classes_update": "Rename, close or archive a class",
    "credit_notes_pdf_get": "Download a credit note",
    "credit_notes_xml_get": "Download a credit note's XML",
    "deployments_create": "Deploy a release to staging",
    "deployments_promote": "Promote a release from staging to production",
    "deployments_stage_many": "Deploy several experiences to staging at once",
    "deployments_rollback": "Roll back to an earlier release",
    "events_get": "Get an event",
    "experiences_create": "Create an experience",
    "experiences_environments_update": "Set an environment's place and Open Cloud key",
    "experiences_update": "Rename an experience",
    "exports_create": "Start an export",
    "exports_delete": "Remove an export's file",
    "exports_download_get": "Get a link to an export's file",
    "exports_file_get": "Download an export's file",
    "help_search": "Search help and the workspace",
    "invitation_links_create": "Create an invitation link",
    "invitation_links_delete": "End an invitation link",
    "invitations_create": "Invite somebody",
    "invitations_create_many": "Invite up to 100 people",
    "invitations_delete": "Revoke an invitation",
    "invitations_resend": "Send an invitation again",
    "invoices_pdf_get": "Download an invoice",
    "invoices_receipt_get": "Download the receipt of a paid invoice",
    "invoices_xml_get": "Download an invoice's XML",
    "me_get": "Who am I, and what may I do?",
    "members_delete": "Remove a member",
    "members_update": "Change a member's role",
    "pupils_create": "Add pupils to a class",
    "pupils_delete": "Remove a pupil",
    "pupils_move": "Move a pupil to another class",
    "pupils_reset_pictures": "Reset a pupil's secret pictures",
    "pupils_unlock": "Unlock a pupil's sign-in",
    "pupils_update": "Rename a pupil",
    "releases_artifact_get": "Download a release's file",
    "releases_create": "Upload a release",
    "releases_withdraw": "Withdraw a release",
    "releases_withdraw_many": "Withdraw up to 100 releases",
    "roles_create": "Create a role",
    "roles_delete": "Delete a role",
    "roles_update": "Change a role",
    "sessions_confirm": "Confirm who you are (step-up)",
    "sessions_delete": "End a session",
    "tokens_create": "Sign in: get a pair of tokens",
    "tokens_refresh": "Exchange a refresh token",
    "tokens_revoke": "Sign out: end the tokens' session",
    "usage": "Plan, limits and what is used",
    "usage_requests": "API requests, errors, latency and credits",
    "webhooks_endpoints_create": "Add a webhook endpoint",
    "webhooks_endpoints_delete": "Delete a webhook endpoint",
    "webhooks_endpoints_deliveries_replay": "Send a delivery again",
    "webhooks_endpoints_disable": "Disable a webhook endpoint",
    "webhooks_endpoints_enable": "Enable a webhook endpoint",
    "webhooks_endpoints_replay": "Send all that failed again",
    "webhooks_endpoints_rotate_secret": "Rotate an endpoint's signing secret",
    "webhooks_endpoints_test": "Send a test event",
    "webhooks_endpoints_update": "Change a webhook endpoint",
    "mail_suppressions_lift": "Write to a suppressed address again",
    "sender_domains_choose": "Have mail come from a sender domain",
    "sender_domains_create": "Add a sender domain",
    "sender_domains_delete": "Remove a sender domain",
    "sender_domains_retry": "Set a sender domain up once more",
    "sender_domains_update": "Change the address and name that mail comes from",
    "sender_domains_verify": "Look for a sender domain's records now",
    "jobs_cancel": "Stop a job, or all of a chain or group",
    "realtime_apps_create": "Make a realtime app",
    "realtime_apps_delete": "Delete a realtime app",
    "realtime_apps_disable": "Switch a realtime app off",
    "realtime_apps_enable": "Switch a realtime app on",
    "realtime_apps_end_former": "End the key before the last rotation",
    "realtime_apps_rotate": "Exchange the key and secret of a realtime app",
    "realtime_apps_update": "Change a realtime app",
    "realtime_apps_webhooks_create": "Add a webhook to a realtime app",
    "realtime_apps_webhooks_delete": "Remove a webhook of a realtime app",
    "realtime_apps_webhooks_deliveries_resend": "Send a batch again",
    "realtime_apps_webhooks_disable": "Switch a webhook of a realtime app off",
    "realtime_apps_webhooks_enable": "Switch a webhook of a realtime app on",
    "realtime_apps_webhooks_test": "Send a test batch",
    "realtime_apps_webhooks_update": "Change a webhook of a realtime app",
    "workspace_configuration_update": "Change the configuration",
    "workspace_configuration_versions_restore": "Restore a version of the configuration",
    "workspace_domains_create": "Add a domain",
    "workspace_domains_delete": "Remove a domain",
    "workspace_domains_main": "Make a domain the main one",
    "workspace_domains_verify": "Verify a domain",
    "workspace_sso_delete": "Remove the school's own sign-in",
    "workspace_sso_get": "Get the school's own sign-in",
    "workspace_sso_set_up": "Set up the school's own sign-in",
    "workspace_sso_test": "Test the school's own sign-in",
    "workspace_sso_update": "Change or require the school's own sign-in",
    "workspace_update": "Rename the workspace",
}


def describe(result: dict[str, Any]) -> None:
    for methods in result["paths"].values():
        for operation in methods.values():
            operation["summary"] = _summary(operation)


def _summary(operation: dict[str, Any]) -> str:
    name = str(operation["operationId"])
    resource, _, deed = name.rpartition("_")
    if name in SUMMARIES:
        return SUMMARIES[name]
    if deed in {"list", "get"}:
        several, one = RESOURCES.get(resource, (resource.replace("_", " "),) * 2)
        return f"List {several}" if deed == "list" else f"Get {one}"
    words = " ".join(str(operation.get("description", "")).split())
    first = re.split(r"[.;:](?:\s|$)", words)[0]
    fits = 0 < len(first) <= LONGEST
    return first if fits else name.replace("_", " ").capitalize()
