"""What an operator may set, read from the environment once and checked before anything starts."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import unquote, urlsplit

from formloom.errors import FormloomError, Issue
from formloom.outgoing.addresses import Network, parse_network

DEMO_SECRET = "demo-secret-never-for-real-use"  # noqa: S105  it is refused outside the demo
SHORTEST_SECRET = 32
KNOWN_SECRETS = frozenset({DEMO_SECRET, "changeme", "secret", "dev", "development"})
DEFAULT_SENDER = "Formloom <no-reply@localhost>"
MAIL_SCHEMES: Mapping[str, tuple[Literal["starttls", "tls", "none"], int]] = {
    "smtp": ("starttls", 587),
    "smtps": ("tls", 465),
    "smtp+plain": ("none", 25),
}
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")

CODES = (
    "bad_settings",
    "required",
    "not_a_number",
    "not_a_flag",
    "not_an_url",
    "not_postgresql",
    "too_short",
    "known_secret",
    "unknown_choice",
    "too_small",
    "not_a_network",
)

T = TypeVar("T")


class BadSettings(FormloomError):  # noqa: N818  a kind, as in formloom.errors
    """The environment does not describe a server that may start; every wrong variable is named."""


@dataclass(frozen=True, slots=True)
class MailSettings:
    """An SMTP server. Without a host, mail goes to the development outbox."""

    host: str | None = None
    port: int = 587
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    security: Literal["starttls", "tls", "none"] = "starttls"
    sender: str = DEFAULT_SENDER


@dataclass(frozen=True, slots=True)
class S3Settings:
    """S3-compatible storage. Without a bucket, files are kept in a folder under `data_dir`."""

    bucket: str | None = None
    endpoint: str | None = None
    region: str | None = None
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class PasswordCost:
    """Argon2id parameters; the defaults are RFC 9106's second recommendation. Tests set cheaper ones."""

    time: int = 3
    memory_kib: int = 65536
    lanes: int = 4


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole configuration. Build it in tests directly, in a server with `from_env`."""

    secret_key: str = field(repr=False)
    public_url: str = "http://127.0.0.1:8000"
    data_dir: Path = Path("var")
    database_url: str | None = field(default=None, repr=False)
    redis_url: str | None = field(default=None, repr=False)
    demo: bool = False
    mail: MailSettings = field(default_factory=MailSettings)
    s3: S3Settings = field(default_factory=S3Settings)
    password_cost: PasswordCost = field(default_factory=PasswordCost)
    log_level: str = "INFO"
    log_format: str = "json"
    pool_size: int = 10
    statement_timeout_ms: int = 30_000
    max_upload_bytes: int = 20 * 1024 * 1024
    trusted_proxies: int = 0
    session_idle_minutes: int = 12 * 60
    session_hours: int = 14 * 24
    import_days: int = 30
    """So long an import can be looked at and undone after anybody last did something with it."""
    outgoing_allow: tuple[Network, ...] = ()
    """Networks of one's own that webhooks may reach, also by http; nothing but the open internet without it."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read and check all variables at once; raises BadSettings that names each wrong one."""
        env = _Reader(os.environ if environ is None else environ)
        demo = env.flag("DEMO", False)
        settings = cls(
            secret_key=env.secret(demo),
            public_url=env.url("PUBLIC_URL", "http://127.0.0.1:8000" if demo else None).rstrip("/"),
            data_dir=Path(env.text("DATA_DIR", "var") or "var").expanduser().absolute(),
            database_url=env.database_url(),
            redis_url=env.text("REDIS_URL"),
            demo=demo,
            mail=env.mail(),
            s3=S3Settings(
                bucket=env.text("S3_BUCKET"),
                endpoint=env.text("S3_ENDPOINT"),
                region=env.text("S3_REGION"),
                access_key=env.text("S3_ACCESS_KEY"),
                secret_key=env.text("S3_SECRET_KEY"),
                prefix=env.text("S3_PREFIX", "") or "",
            ),
            log_level=env.choice("LOG_LEVEL", "INFO", LOG_LEVELS),
            log_format=env.choice("LOG_FORMAT", "json", ("json", "text")),
            pool_size=env.number("DATABASE_POOL_SIZE", 10, least=1),
            statement_timeout_ms=env.number("DATABASE_STATEMENT_TIMEOUT_MS", 30_000, least=100),
            max_upload_bytes=env.number("MAX_UPLOAD_BYTES", 20 * 1024 * 1024, least=1024),
            trusted_proxies=env.number("TRUSTED_PROXIES", 0),
            session_idle_minutes=env.number("SESSION_IDLE_MINUTES", 12 * 60, least=1),
            session_hours=env.number("SESSION_HOURS", 14 * 24, least=1),
            import_days=env.number("IMPORT_DAYS", 30, least=1),
            outgoing_allow=env.networks("OUTGOING_ALLOW"),
        )
        if env.issues:
            raise BadSettings("bad_settings", issues=tuple(env.issues))
        return settings


class _Reader:
    """Reads one variable at a time and collects what is wrong instead of stopping at the first."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.issues: list[Issue] = []

    def text(self, name: str, default: str | None = None) -> str | None:
        """An empty variable is an absent one: that is how compose files leave things out."""
        return self._environ.get(f"FORMLOOM_{name}", self._environ.get(name, "")).strip() or default

    def _parsed(self, name: str, default: T, parse: Callable[[str], T], code: str) -> T:
        raw = self.text(name)
        if raw is None:
            return default
        try:
            return parse(raw)
        except (ValueError, KeyError):
            return self._wrong(name, code, default)

    def _wrong(self, name: str, code: str, value: T, **params: Any) -> T:
        self.issues.append(Issue(f"/{name}", code, params))
        return value

    def number(self, name: str, default: int, least: int = 0) -> int:
        value = self._parsed(name, default, int, "not_a_number")
        return value if value >= least else self._wrong(name, "too_small", default, least=least)

    def flag(self, name: str, default: bool) -> bool:
        words = {
            "1": True,
            "true": True,
            "yes": True,
            "on": True,
            "0": False,
            "false": False,
            "no": False,
            "off": False,
        }
        return self._parsed(name, default, lambda raw: words[raw.lower()], "not_a_flag")

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        raw = self.text(name, default) or default
        by_word = {word.lower(): word for word in allowed}
        return by_word.get(raw.lower()) or self._wrong(name, "unknown_choice", default, allowed=allowed)

    def url(self, name: str, default: str | None) -> str:
        raw = self.text(name, default)
        if raw is None:
            return self._wrong(name, "required", "")
        parts = urlsplit(raw)
        good = parts.scheme in ("http", "https") and parts.hostname and not parts.query and not parts.fragment
        return raw if good else self._wrong(name, "not_an_url", "")

    def networks(self, name: str) -> tuple[Network, ...]:
        """`10.20.0.0/16, 192.0.2.7`."""
        return self._parsed(name, (), lambda raw: tuple(map(parse_network, raw.split(","))), "not_a_network")

    def database_url(self) -> str | None:
        raw = self.text("DATABASE_URL")
        if raw is None or raw.split(":", 1)[0].split("+", 1)[0] in ("postgresql", "postgres"):
            return raw
        return self._wrong("DATABASE_URL", "not_postgresql", None)

    def mail(self) -> MailSettings:
        """`MAIL_URL` is smtp:// (STARTTLS), smtps:// (TLS from the start) or smtp+plain:// (inside one machine)."""
        raw, sender = self.text("MAIL_URL"), self.text("MAIL_FROM") or DEFAULT_SENDER
        if raw is None:
            return MailSettings(sender=sender)
        try:
            url = urlsplit(raw)
            security, usual_port = MAIL_SCHEMES[url.scheme]
            port = url.port or usual_port
        except (KeyError, ValueError):
            return self._wrong("MAIL_URL", "not_an_url", MailSettings())
        if not url.hostname:
            return self._wrong("MAIL_URL", "not_an_url", MailSettings())
        username, password = (unquote(part) if part else None for part in (url.username, url.password))
        return MailSettings(url.hostname, port, username, password, security, sender)

    def secret(self, demo: bool) -> str:
        raw = self.text("SECRET_KEY")
        if demo:
            return raw or DEMO_SECRET
        if raw is None:
            return self._wrong("SECRET_KEY", "required", "")
        if raw in KNOWN_SECRETS:
            return self._wrong("SECRET_KEY", "known_secret", "")
        if len(raw) < SHORTEST_SECRET or len(set(raw)) < 8:  # "aaaa…" is long and no secret
            return self._wrong("SECRET_KEY", "too_short", "", least=SHORTEST_SECRET)
        return raw
