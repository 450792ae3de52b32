"""Everything comes from the environment; docs/deployment.md lists the variables.

There are no production defaults: without SECRET_KEY, FIELD_ENCRYPTION_KEYS and ALLOWED_HOSTS the server does not start.
"""

from pathlib import Path

import environ
from django.contrib.messages import constants as messages
from django.core.exceptions import ImproperlyConfigured

from revkeen_admin import environment
from revkeen_admin.hosts import public_url
from revkeen_admin.logs import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# Only the demo and the tests speak plain HTTP; cookies then lose Secure and their __Host- name.
PLAIN_HTTP = env.bool("PLAIN_HTTP", default=False)
environment.check(env, plain_http=PLAIN_HTTP)

SECRET_KEY = env.str("SECRET_KEY")
FIELD_ENCRYPTION_KEYS = env.list("FIELD_ENCRYPTION_KEYS")  # Fernet keys: the first encrypts, all decrypt
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
DEBUG = False

# Where links in mails lead: never to a name that a request brought along.
PUBLIC_URL = public_url(env.str("PUBLIC_URL", default=""), ALLOWED_HOSTS, plain_http=PLAIN_HTTP)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",  # its widgets, drawn by our templates
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "orders",
]

MIDDLEWARE = [
    "orders.middleware.request_id",
    "orders.middleware.strict_headers",
    "orders.middleware.one_host",
    "orders.middleware.bounded_bodies",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "orders.middleware.server_timing",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "orders.middleware.shallow_passkeys",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "orders.middleware.idle_sessions",
    "allauth.account.middleware.AccountMiddleware",
    "orders.middleware.private_pages",
    "orders.middleware.unsent_forms",
    "orders.middleware.words_for_405",
    "orders.middleware.api_errors",
]

ROOT_URLCONF = "revkeen_admin.urls"
WSGI_APPLICATION = "revkeen_admin.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["revkeen_admin.template_loading.Loader", "django.template.loaders.app_directories.Loader"],
                )
            ],
            "builtins": ["orders.templatetags.form_marks", "orders.templatetags.paths"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "orders.context_processors.frame",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- Database

# A journal row must survive a power cut (FULL), and writers must queue instead of failing (IMMEDIATE). A REPLACE asks
# the triggers that keep the journal only with recursive ones.
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 10,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
    " PRAGMA recursive_triggers=ON;",
}
# The cache may lose its last second, and has its own file so that it never holds the lock of the main one.
SQLITE_CACHE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 5,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;",
}


def database(url: str, sqlite_options: dict[str, object]) -> dict[str, object]:
    config: dict[str, object] = environ.Env.db_url_config(url)
    if config["ENGINE"] == "django.db.backends.sqlite3":
        # A connection to a file costs nothing to keep, and reopening it runs the PRAGMAs again.
        return config | {"OPTIONS": sqlite_options, "CONN_MAX_AGE": None}
    # One for each thread: a page holds its connection while it waits for RevKeen, and one merchant's slow pages must
    # not take those of the others. Each is looked at by the engine before use: a server that restarted has ended them.
    pool = {"min_size": 1, "max_size": 32, "timeout": 5}
    return config | {"ENGINE": "revkeen_admin.postgresql", "OPTIONS": {"pool": pool}}


DATABASES = {
    "default": database(env.str("DATABASE_URL", f"sqlite:///{BASE_DIR}/revkeen_admin.sqlite3"), SQLITE_OPTIONS)
}
# Where workers listen, if DATABASE_URL leads through PgBouncer: what is NOTIFYed does not come through it.
NEWS_DATABASE_URL = env.str("NEWS_DATABASE_URL", "")
# Tells after a restored backup that the database is older than it was (orders/services/changes/quarantine.py).
COUNTER_FILE = env.str("COUNTER_FILE", default=f"{BASE_DIR}/journal-counter")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Cache: shared by all processes, because the guessing limits live in it

CACHE_URL = env.str("CACHE_URL", "")


def cache_at(url: str) -> dict[str, object]:
    """A cache on another machine: one that is silent holds no page up for longer than this at each question."""
    config: dict[str, object] = environ.Env.cache_url_config(url)
    if "redis" not in str(config["BACKEND"]):
        return config
    return config | {"OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 0.5, "retry": None}}


if CACHE_URL:
    CACHES = {"default": cache_at(CACHE_URL), "copies": cache_at(CACHE_URL)}
else:
    CACHE_DATABASE_URL = env.str("CACHE_DATABASE_URL", f"sqlite:///{BASE_DIR}/cache.sqlite3")
    DATABASES["cache"] = database(CACHE_DATABASE_URL, SQLITE_CACHE_OPTIONS)
    if environment.same_database(DATABASES["default"], DATABASES["cache"]):
        raise ImproperlyConfigured("CACHE_DATABASE_URL and DATABASE_URL name the same database. Each needs its own.")
    DATABASE_ROUTERS = ["revkeen_admin.cache.CacheRouter"]
    # A full table throws out whole stretches of itself: nothing else may fill the one with the guessing limits.
    CACHES = {
        name: {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": table,
            "OPTIONS": {"MAX_ENTRIES": entries},
        }
        for name, table, entries in (("default", "cache", 200_000), ("copies", "copies", 20_000))
    }
# What a process remembers for some seconds: what every page shows and nobody waits for, and what it has just counted.
CACHES["process"] = {
    "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
    "LOCATION": "process",
    "OPTIONS": {"MAX_ENTRIES": 10_000},
}

# --- Sign-in

AUTH_USER_MODEL = "orders.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {"user_attributes": ["name", "email"]}),
        ("MinimumLengthValidator", {"min_length": 12}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]
AUTH_PASSWORD_VALIDATORS.append({"NAME": "orders.passwords.GuessablePasswordValidator", "OPTIONS": {}})
LOGIN_URL = "account_login"
PASSWORD_RESET_TIMEOUT = 60 * 60
LOGIN_REDIRECT_URL = "chooser"

ACCOUNT_ADAPTER = "orders.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # the invitation was answered from that address
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 10 * 60
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # our form sends its own, which does not offer to sign up
ACCOUNT_FORMS = {"reset_password": "orders.accounts.ResetPasswordForm"}
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "30/m/ip,10/15m/key"}

PAGES_PER_MINUTE = env.int("PAGES_PER_MINUTE", default=600)  # of one person, in each process

MFA_ADAPTER = "orders.accounts.SecondFactorAdapter"
MFA_FORMS = {"activate_totp": "orders.accounts.ActivateAppForm"}
MFA_ALLOW_UNVERIFIED_EMAIL = True  # as above: the invitation was answered from that address
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "RevKeen Admin"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = PLAIN_HTTP
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)

# --- Mail

vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="RevKeen Admin <no-reply@localhost>")

# --- Cookies and headers (the Content-Security-Policy is in orders/middleware.py)

SESSION_COOKIE_NAME = "session" if PLAIN_HTTP else "__Host-session"
CSRF_COOKIE_NAME = "csrf" if PLAIN_HTTP else "__Host-csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = not PLAIN_HTTP
SESSION_COOKIE_AGE = 12 * 60 * 60  # a working day
CSRF_COOKIE_HTTPONLY = True  # htmx reads the token from the page
CSRF_COOKIE_SAMESITE = SESSION_COOKIE_SAMESITE = "Lax"
SESSION_ENGINE = "orders.sessions"
SESSION_IDLE_SECONDS = env.int("SESSION_IDLE_SECONDS", default=30 * 60)
CSRF_FAILURE_VIEW = "orders.views.errors.csrf_failure"
SECURE_HSTS_SECONDS = 0 if PLAIN_HTTP else 2 * 365 * 24 * 60 * 60
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not PLAIN_HTTP
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
X_FRAME_OPTIONS = "DENY"
if env.bool("BEHIND_TLS_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
MESSAGE_TAGS = {messages.INFO: "", messages.SUCCESS: "good", messages.WARNING: "wait", messages.ERROR: "bad"}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 16_000  # forms/fulfillment/fulfill.py has the largest form, which keeps below it

# --- Static files

STATIC_URL = "/static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(BASE_DIR / "staticfiles"))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}

# --- Language and time

LANGUAGE_CODE = "en"
USE_I18N = False  # one language; dates and amounts are formatted by us, the same everywhere
TIME_ZONE = "UTC"
USE_TZ = True

# --- The remote APIs: hosts come from here only, never from a form

REVKEEN_URLS = {
    "live": env.str("REVKEEN_LIVE_URL", default="https://api.revkeen.com/v2"),
    "test": env.str("REVKEEN_TEST_URL", default="https://staging-api.revkeen.com/v2"),
}
DIGITAL_RIVER_URL = env.str("DIGITAL_RIVER_URL", default="https://api.digitalriver.com")  # of both modes, by the key
ORDER_PROTECTION_URL = env.str("ORDER_PROTECTION_URL", default="https://api.production.orderprotection.com")
REVKEEN_VERSION = "2026-05-01"
REVKEEN_READ_SECONDS = env.float("REVKEEN_READ_SECONDS", default=6.0)  # all reads of a page together
# How many calls RevKeen takes of a key a minute, and the share of them that keeps the index fresh.
REVKEEN_CALLS_A_MINUTE = {"live": 1000, "test": 100}
INDEX_SHARE = env.float("INDEX_SHARE", default=0.5)
JOBS_SHARE = env.float("JOBS_SHARE", default=0.7)  # of the same, while a job of many orders runs …
INDEX_SHARE_BESIDE_JOBS = 0.1  # … and the index has this then: a fifth is always left for people
REVKEEN_CHANGE_SECONDS = env.float("REVKEEN_CHANGE_SECONDS", default=25.0)

# --- Partner updates, in seconds (orders/services/partners/outbox.py)

PARTNER_UPDATE_LEASE = env.float(
    "PARTNER_UPDATE_LEASE", default=120.0
)  # half of it to begin a call, the rest for the call
PARTNER_UPDATE_FIRST_WAIT = env.float("PARTNER_UPDATE_FIRST_WAIT", default=5.0)
PARTNER_UPDATE_LONGEST_WAIT = env.float("PARTNER_UPDATE_LONGEST_WAIT", default=900.0)
PARTNER_UPDATE_ATTEMPTS = env.int("PARTNER_UPDATE_ATTEMPTS", default=200)  # failures in a row, more than a day of them
DIGITAL_RIVER_DOUBT_SECONDS = env.float("DIGITAL_RIVER_DOUBT_SECONDS", default=600.0)

LOGGING_CONFIG = None
logging_config(env.str("LOG_FORMAT", default="json"), env.str("LOG_LEVEL", default="INFO"))
