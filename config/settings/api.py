"""DRF and its OpenAPI document."""

from typing import TYPE_CHECKING

from .environment import ENV

if TYPE_CHECKING:
    from apps.rest.versions import Deprecation

# Oldest first. The code speaks the last; apps.rest.versions makes requests and answers of the
# others. One that is going to end stands in API_DEPRECATED_VERSIONS, too.
API_VERSIONS = ["v1"]
API_DEPRECATED_VERSIONS: "dict[str, Deprecation]" = {}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.gateway.token_authentication.TokenAuthentication",
        "apps.gateway.authentication.ApiKeyAuthentication",
        "apps.gateway.authentication.WorkspaceSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["apps.gateway.permissions.WorkspacePermission"],
    "DEFAULT_THROTTLE_CLASSES": ["apps.gateway.throttling.RequestLimits"],
    "DEFAULT_PAGINATION_CLASS": "apps.rest.pagination.CursorPagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "apps.rest.strict_json.StrictJSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_VERSIONING_CLASS": "apps.rest.versions.PathVersioning",
    "DEFAULT_VERSION": "v1",
    "ALLOWED_VERSIONS": API_VERSIONS,
    "DEFAULT_SCHEMA_CLASS": "apps.rest.schema.ApiSchema",
    "EXCEPTION_HANDLER": "apps.rest.problems.render_exception",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "PAGE_SIZE": 50,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "ToolBoxAI API",
    "DESCRIPTION": (
        "Release Roblox places from a workspace. Sign in with an API key "
        "(`Authorization: Bearer tbx_…`) made under Settings; every answer that is not a "
        "success is a problem document (RFC 9457)."
    ),
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": r"/api/v[0-9]+",
    # The page that shows the document comes with the product, not from elsewhere.
    "SWAGGER_UI_DIST": "SIDECAR",
    # Of a long document it draws what is in sight, so the browser's own search finds little.
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "filter": True},
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "COMPONENT_SPLIT_REQUEST": True,
    # Forms are taken, too; the document speaks of JSON, and of forms where there is a file.
    "PARSER_WHITELIST": ["apps.rest.strict_json.StrictJSONParser"],
    "ENUM_NAME_OVERRIDES": {
        "ArtifactKindEnum": [("place", "Place"), ("model", "Model")],
        "EnvironmentKindEnum": "apps.roblox.models.Environment.Kind",
        "KeyEnvironmentEnum": "apps.gateway.models.ApiKey.Environment",
        "ApiKeyStateEnum": ["active", "expired", "revoked"],
        "EnvironmentKeyStateEnum": "apps.roblox.models.Environment.KeyState",
        "InvitationLinkStateEnum": ["open", "used", "revoked", "expired"],
        "DeploymentKindEnum": "apps.roblox.models.Deployment.Kind",
        "ReleaseStateEnum": "apps.roblox.models.Release.State",
        "DeploymentStateEnum": "apps.roblox.models.Deployment.State",
        "JobStateEnum": "apps.jobs.models.JobRun.State",
        "JobKindEnum": ["job", "chain", "group"],
        "WorkspaceStateEnum": "apps.tenants.models.Tenant.State",
        "DomainStateEnum": ["own", "former", "verified", "unseen", "waiting", "off"],
        "DomainKindEnum": "apps.tenants.models.Domain.Kind",
        "WorkspaceKindEnum": "apps.tenants.models.Tenant.Kind",
        "WebhookStateEnum": ["active", "failing", "off"],
        "RealtimeAppStateEnum": ["active", "off", "closed"],
        "ChannelEventKindEnum": [
            "channel_occupied",
            "channel_vacated",
            "member_added",
            "member_removed",
            "client_event",
            "cache_miss",
            "subscription_count",
        ],
        "EventsEnum": "apps.webhooks.api.serializers.EVENTS",
        "ChannelDeliveryStateEnum": "apps.realtime.models.ChannelDelivery.State",
        "SenderDomainStateEnum": ["waiting", "verified", "unseen", "off"],
        "SenderRecordStateEnum": ["unknown", "found", "missing", "different", "doubled"],
        "MailStateEnum": "apps.mail.models.Message.State",
        "MailEventKindEnum": "apps.mail.models.MessageEvent.Kind",
        "WebhookDeliveryStateEnum": "apps.webhooks.models.Delivery.State",
        "ExportStateEnum": "apps.transfers.models.Export.State",
        "DeploymentStepStateEnum": "apps.roblox.models.DeploymentStep.State",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "apps.gateway.openapi.finish",
    ],
}
# How long a process goes by what it knows of an API key, and so the longest that it takes a revoked
# one for good. Tests undo their changes without a commit, of which a process would hear.
KEY_MEMORY_SECONDS = 0.0 if ENV.toolboxai_env == "test" else 1.0
# How often a process writes what it has counted of API requests; 0 for never by itself.
API_USAGE_SECONDS = 0.0 if ENV.toolboxai_env == "test" else 5.0
