"""Sign-up and sign-in (allauth), passwords."""

from .environment import ENV

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "apps.accounts.backends.PersonBackend",
    "django.contrib.auth.backends.ModelBackend",  # sessions that name it; asked nothing else
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
if ENV.toolboxai_env == "test":
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "apps.accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {
    "login": "apps.accounts.forms.LoginForm",
    "signup": "apps.accounts.forms.SignupForm",
    "reset_password": "apps.accounts.forms.ResetPasswordForm",  # pragma: allowlist secret
    "add_email": "apps.accounts.forms.AddEmailForm",
    "request_login_code": "apps.accounts.forms.RequestLoginCodeForm",
    "confirm_login_code": "apps.accounts.forms.ConfirmLoginCodeForm",
}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_MAX_EMAIL_ADDRESSES = 5
# Programs sign in by JSON, the same ways; their sessions belong to one host, too.
HEADLESS_TOKEN_STRATEGY = "apps.tenants.headless.HostSessionStrategy"  # noqa: S105
# Signing in with a code from one's mail.
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 3
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
# apps.accounts.throttles counts these, for strangers and known devices apart.
ACCOUNT_RATE_LIMITS = {
    "login": None,
    "signup": None,
    "reset_password": None,  # pragma: allowlist secret
    "reset_password_from_key": None,  # pragma: allowlist secret
    "request_login_code": None,
    "confirm_email": None,
}
ACCOUNT_SIGNUP_FORM_CLASS = "apps.accounts.signup_fields.SignupFields"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = ENV.public_url.partition(":")[0]

# A pupil's session: a school day, on tablets that many share.
PUPIL_SESSION_SECONDS = 6 * 3600

# The demo's people (`manage.py seed_demo`); made by `make up`, never set in production.
DEMO_WORKSPACE = "lincoln"
DEMO_PASSWORD = ENV.demo_password.get_secret_value()
OPERATOR_PASSWORD = ENV.operator_password.get_secret_value()
