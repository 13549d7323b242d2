"""Structured logs (structlog), numbers for Prometheus, error reports (Sentry, given its DSN)."""

import logging

import structlog

from config.provenance import name_in_log, name_in_report
from config.redaction import hide_in_log, hide_in_report

from .environment import ENV

_processors: list[structlog.types.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    name_in_log,
    hide_in_log,
]
_renderer: structlog.types.Processor = (
    structlog.processors.JSONRenderer()
    if ENV.log_format == "json"
    else structlog.dev.ConsoleRenderer(colors=False)
)
structlog.configure(
    processors=[*_processors, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
# No line says where in the code it was written, nor on which thread: nobody has to find out.
# https://docs.python.org/3/howto/logging.html#optimization
logging._srcfile = None  # noqa: SLF001
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
logging.logAsyncioTasks = False  # type: ignore[attr-defined,unused-ignore]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "structured": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": _processors,
            "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer],
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
    "root": {"handlers": ["stderr"], "level": ENV.log_level},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "httpx": {"level": "WARNING"},
        "pikepdf": {"level": "WARNING"},
        "stripe": {"level": "WARNING"},
        "uvicorn.access": {"level": "WARNING"},
    },
}
logging.captureWarnings(False)
METRICS_TOKEN = ENV.metrics_token.get_secret_value()

if ENV.sentry_dsn:
    import sentry_sdk

    sentry_sdk.init(
        dsn=ENV.sentry_dsn,
        environment=ENV.toolboxai_env,
        send_default_pii=False,
        # Frames of outgoing calls hold customers' API keys.
        include_local_variables=False,
        before_send=lambda report, hint: hide_in_report(name_in_report(report), hint),
        before_send_transaction=hide_in_report,
        traces_sample_rate=0.1,
    )
