"""Settings, read from the environment and checked at start (vmo/checks.py).

Each variable is described in docs/operators/settings.md; a test compares the two.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from whitenoise.compress import Compressor

from vmo import services

BASE_DIR = Path(__file__).resolve().parent.parent


def env(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def env_bool(name: str, default: bool) -> bool:
    return env(name, "1" if default else "0").strip().lower() in {"1", "true", "yes", "on"}


def env_int(name: str, default: int) -> int:
    try:
        return int(env(name) or default)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {env(name)!r}.") from None


def env_list(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in env(name, default).split(",") if part.strip()]


# Where the portal keeps what is its own: embedded databases, mirror clones, its secret key.
VMO_HOME = services.home()
# Where the portal listens: this machine only, unless told otherwise (0.0.0.0 in a container).
HOST = env("HOST", "127.0.0.1")
PORT = env_int("PORT", 8000)
LIVE_PORT = env_int("LIVE_PORT", PORT + 1)
# Where browsers find the live stream; empty: this host at LIVE_PORT. Behind a proxy: "/live/".
LIVE_URL = env("LIVE_URL")
# Where people find the portal: what links in mails begin with.
PORTAL_URL = (env("PORTAL_URL") or f"http://localhost:{PORT}").rstrip("/")
DEMO = env_bool("DEMO", True)

DEBUG = env_bool("DEBUG", False)
SECRET_KEY = env("SECRET_KEY") or services.secret_key(VMO_HOME)
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "vmo.apps.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.forms",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_htmx",
    "django_celery_beat",
    "csp",
    "core",
    "accounts",
    "portfolio",
    "charts",
    "metrics",
    "funding",
    "okrs",
    "impediments",
    "planning",
    "connectors",
    "dashboards",
    "vmo.apps.VmoConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "core.caching.SayAway",
]

ROOT_URLCONF = "vmo.urls"
WSGI_APPLICATION = "vmo.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "vmo.context.portal",
            ],
        },
    },
]

DATABASE_URL = env("DATABASE_URL") or services.database_url(VMO_HOME)
REDIS_URL = env("REDIS_URL") or services.redis_url(VMO_HOME)

DATABASES = {
    "default": {
        **dj_database_url.parse(DATABASE_URL, conn_max_age=600, conn_health_checks=True),
        "DISABLE_SERVER_SIDE_CURSORS": False,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        "BACKEND": "core.caching.Cache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "vmo",
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "portfolio.rules.AdministratorBackend",
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# Without EMAIL_HOST mails are printed on the web process's output.
EMAIL_HOST = env("EMAIL_HOST")
EMAIL_PORT = env_int("EMAIL_PORT", 587)
EMAIL_HOST_USER = env("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env_bool("EMAIL_USE_TLS", True)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", "vmo@localhost")
_MAILER = "smtp" if EMAIL_HOST else "console"
EMAIL_BACKEND = f"django.core.mail.backends.{_MAILER}.EmailBackend"
# Mails that come in: the domain of the teams' addresses (empty: none), and where `serve_mail` listens (port 0: not).
MAIL_DOMAIN = env("MAIL_DOMAIN").strip().lower()
MAIL_IN_HOST = env("MAIL_IN_HOST", "127.0.0.1")
MAIL_IN_PORT = env_int("MAIL_IN_PORT", 0)

# Celery is only the wake-up: the truth of every job is a leased row in PostgreSQL (core/jobs.py).
CELERY_BROKER_URL = services.celery_url(REDIS_URL)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_TASK_DEFAULT_QUEUE = env("CELERY_QUEUE", "vmo")
# What somebody waits for in front of a screen has a queue and a worker of its own: no sync delays it.
QUICK_QUEUE = f"{CELERY_TASK_DEFAULT_QUEUE}-quick"
CELERY_TASK_ROUTES = {
    # Seconds of work: it would keep others' chances waiting.
    "planning.tasks.make_print": {"queue": CELERY_TASK_DEFAULT_QUEUE},
    "planning.tasks.*": {"queue": QUICK_QUEUE},
}
# How long a job may be silent before another worker takes it over, and how often beat looks for such jobs.
JOB_LEASE_SECONDS = env_int("JOB_LEASE_SECONDS", 60)
JOB_SWEEP_SECONDS = env_int("JOB_SWEEP_SECONDS", 10)
CELERY_BEAT_SCHEDULE = {
    "sweep-sync-runs": {
        "task": "connectors.tasks.sweep",
        "schedule": JOB_SWEEP_SECONDS,
        # With no worker about, the sweeps of the meantime are not made up for.
        "options": {"expires": JOB_SWEEP_SECONDS},
    },
    "reckon-chances": {
        "task": "planning.tasks.reckon_behind",
        "schedule": JOB_SWEEP_SECONDS,
        "options": {"expires": JOB_SWEEP_SECONDS},
    },
    "sweep-prints": {
        "task": "planning.tasks.sweep_prints",
        "schedule": JOB_SWEEP_SECONDS,
        "options": {"expires": JOB_SWEEP_SECONDS},
    },
    "decide-forecasts": {"task": "metrics.tasks.decide_forecasts", "schedule": 86400},
    "propose-decisions": {"task": "portfolio.tasks.propose_decisions", "schedule": 86400},
    # A few times a day, so that yesterday is there in the morning of every time zone.
    "write-key-figures": {"task": "metrics.tasks.write_kpis", "schedule": 6 * 3600},
    "sweep-mails": {
        "task": "core.tasks.sweep_mails",
        "schedule": JOB_SWEEP_SECONDS * 3,
        "options": {"expires": JOB_SWEEP_SECONDS * 3},
    },
    "sweep-hook-calls": {
        "task": "core.tasks.sweep_calls",
        "schedule": JOB_SWEEP_SECONDS * 3,
        "options": {"expires": JOB_SWEEP_SECONDS * 3},
    },
    "sweep-incoming-mails": {
        "task": "impediments.tasks.sweep_incoming_mails",
        "schedule": JOB_SWEEP_SECONDS * 3,
        "options": {"expires": JOB_SWEEP_SECONDS * 3},
    },
    # Two minutes: asking what is behind costs some milliseconds.
    "prepare-costs": {
        "task": "funding.tasks.prepare_costs",
        "schedule": JOB_SWEEP_SECONDS * 12,
        "options": {"expires": JOB_SWEEP_SECONDS * 12},
    },
    "write-linked-check-ins": {"task": "okrs.tasks.write_linked_check_ins", "schedule": 600},
    "keep-first-chances": {"task": "okrs.tasks.keep_first_chances", "schedule": 86400},
    "remind-of-check-ins": {"task": "okrs.tasks.remind_of_check_ins", "schedule": 3600},
    "propose-impediments": {"task": "impediments.tasks.propose", "schedule": 300, "options": {"expires": 300}},
    "prepare-blocked-days": {
        "task": "impediments.tasks.prepare_blocked_days",
        "schedule": JOB_SWEEP_SECONDS * 6,
        "options": {"expires": JOB_SWEEP_SECONDS * 6},
    },
    "escalate-impediments": {"task": "impediments.tasks.escalate", "schedule": 60, "options": {"expires": 60}},
    "follow-marks": {"task": "impediments.tasks.follow_marks", "schedule": 60, "options": {"expires": 60}},
    # Hourly, so that it is Monday morning where the portal is; each person gets one a week.
    "send-weekly-digests": {"task": "dashboards.tasks.send_weekly_digests", "schedule": 3600},
    "prune-live-log": {"task": "core.tasks.prune_live_log", "schedule": 3600},
}

# Whether sources may ask addresses of private networks, and read files and repositories of this machine.
CONNECTORS_ALLOW_PRIVATE = env_bool("CONNECTORS_ALLOW_PRIVATE", True)
CONNECTORS_ALLOW_LOCAL = env_bool("CONNECTORS_ALLOW_LOCAL", True)
# Whether outgoing calls may go to addresses of private networks, and without TLS.
WEBHOOKS_ALLOW_PRIVATE = env_bool("WEBHOOKS_ALLOW_PRIVATE", False)

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
# The zone of portal-wide figures and of new teams; each team has its own.
TIME_ZONE = env("TIME_ZONE", "UTC")
CURRENCY = env("CURRENCY", "EUR")

STATIC_URL = "static/"
STATIC_ROOT = Path(env("STATIC_ROOT", str(VMO_HOME / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "charts.finders.PlotlyFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "vmo.storage.StaticStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")
MEDIA_ROOT = VMO_HOME / "media"

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
HTTPS = env_bool("HTTPS", False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
# The live stream has a port of its own, unless LIVE_URL puts it behind the portal's.
_LIVE_ORIGINS = (
    ["{0.scheme}://{0.netloc}".format(urlsplit(LIVE_URL))]
    if "://" in LIVE_URL
    else [f"{'https' if HTTPS else 'http'}://{host}:{LIVE_PORT}" for host in ALLOWED_HOSTS if host[:1] not in "[.*"]
)
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "connect-src": ["'self'", *([] if LIVE_URL.startswith("/") else _LIVE_ORIGINS)],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PARSER_CLASSES": [
        "core.api.JsonOfText",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.CursorPagination",
    "PAGE_SIZE": 100,
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "VMO",
    "DESCRIPTION": "Everything the portal's pages show and do, for programs.",
    "VERSION": "1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    # Items, features, initiatives and policies share these kinds, under several names of fields.
    "ENUM_NAME_OVERRIDES": {
        "ValueTypeEnum": "portfolio.models.ValueType",
        "StageEnum": "portfolio.models.Stage",
        "ScoreEnum": [(score, str(score)) for score in (1, 2, 3, 5, 8, 13, 20)],
        "KeyResultKindEnum": "okrs.models.KeyResultKind",
        "ImpedimentStateEnum": "impediments.models.State",
        "ImpedimentLevelEnum": "impediments.models.Level",
        "IncrementStateEnum": "planning.models.IncrementState",
    },
}

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env("LOG_LEVEL", "INFO")},
}
