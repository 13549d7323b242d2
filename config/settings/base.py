"""Apps, middleware, templates, hosts."""

from .environment import BASE_DIR, ENV, PUBLIC_HOST

DEBUG = ENV.debug
TOOLBOXAI_ENV = ENV.toolboxai_env
ROOT_URLCONF = "config.urls_workspace"
PUBLIC_SCHEMA_URLCONF = "config.urls_public"
ASGI_APPLICATION = "config.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Where people reach the public site; a workspace is `<slug>.` in front of its host.
PUBLIC_URL = ENV.public_url
PUBLIC_DOMAIN = PUBLIC_HOST
ROBLOX_API_URL = ENV.roblox_api_url
SANDBOX_URL = ENV.sandbox_url

SHARED_APPS = [
    "unfold.apps.BasicAppConfig",  # its admin templates come before django-tenants' own
    "apps.fleet",  # its `migrate` comes before django-tenants' own
    "django_tenants",
    "apps.core",
    "apps.accounts",
    "apps.jobs",
    "apps.audit",
    "apps.rest",
    "apps.transfers",  # adds verbs to the command of apps.tenants
    "apps.tenants",
    "apps.usage",
    "apps.payments",
    "apps.gateway",
    "apps.mail",
    "apps.realtime",
    "apps.sso",
    "apps.webhooks",
    "apps.scim",
    "apps.vendors",
    "apps.isolation",
    "apps.impersonation",
    "apps.semantic_cache",
    "apps.help",
    "apps.core.apps.OperatorConsoleConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.headless",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.github",
    "allauth.socialaccount.providers.google",
    "allauth.socialaccount.providers.openid_connect",
    "anymail",
    "django_celery_beat",
    "django_cotton",
    "django_filters",
    "django_htmx",
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "django_structlog",
    "django_vite",
    "djstripe",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
]
TENANT_APPS = [
    "apps.marks",
    "apps.answers",
    "apps.events",
    "apps.classes",
    "apps.media",
    "apps.roblox",
]
INSTALLED_APPS = SHARED_APPS + TENANT_APPS

TENANT_MODEL = "tenants.Tenant"
TENANT_DOMAIN_MODEL = "tenants.Domain"

MIDDLEWARE = [
    # Before a host is looked up: the page that says there is no workspace needs its styles too.
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "apps.core.middleware.RequestMetricsMiddleware",
    "apps.core.middleware.CompressionMiddleware",
    "apps.core.middleware.ContentPolicyMiddleware",
    "apps.tenants.middleware.WorkspaceMiddleware",
    "apps.gateway.middleware.ApiMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "apps.tenants.localisation.LocalisationMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.tenants.middleware.MembershipMiddleware",
    "apps.accounts.middleware.LookedAfterMiddleware",
    "apps.tenants.session_rules.SessionsMiddleware",
    "apps.sso.middleware.SsoMiddleware",
    "apps.tenants.mfa_rules.MfaRulesMiddleware",
    "apps.impersonation.middleware.ImpersonationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "apps.accounts.operator_sessions.OperatorSessionMiddleware",
    "apps.tenants.middleware.ConsoleWorkspaceMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.accounts.onward.OnwardMiddleware",
    "apps.accounts.throttles.SignInThrottleMiddleware",
    "apps.core.middleware.DomainErrorMiddleware",
    "apps.accounts.middleware.StepUpMiddleware",
    "apps.accounts.middleware.UnansweredMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.tenants.context_processors.workspace",
                "apps.realtime.context_processors.realtime",
                "apps.usage.context_processors.usage",
                "apps.payments.context_processors.unpaid",
            ],
        },
    }
]
COTTON_DIR = "cotton"

LANGUAGE_CODE = "en"
# What a workspace's locale can be: languages the pages are written in, with their date formats.
LANGUAGES = [
    ("en", "English (United States)"),
    ("en-au", "English (Australia)"),
    ("en-ca", "English (Canada)"),
    ("en-gb", "English (United Kingdom)"),
    ("en-ie", "English (Ireland)"),
]
FORMAT_MODULE_PATH = "config.formats"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
LOCALE_PATHS = [BASE_DIR / "locale"]

SILENCED_SYSTEM_CHECKS = [
    "auth.W004",  # e-mail is unique in any case of letters, by a functional constraint
    "django_vite.W001",  # the front end is built after the first checks of a fresh clone
    "djstripe.W002",  # a sandbox on loopback is this project's own choice of API host
    "djstripe.C001",
    "djstripe.I001",
]
