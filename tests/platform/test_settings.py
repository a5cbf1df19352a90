"""A server starts with good settings or not at all."""

import pytest
from formloom.settings import DEMO_SECRET, BadSettings, Settings

GOOD = {"SECRET_KEY": "k7vX2mQ9pL4wT8zR1nB6cY3dF5gH0jSa", "PUBLIC_URL": "https://forms.example.test/"}


def wrong(environ: dict[str, str]) -> dict[str, str]:
    with pytest.raises(BadSettings) as caught:
        Settings.from_env(environ)
    return {issue.pointer: issue.code for issue in caught.value.issues}


def test_good_settings() -> None:
    settings = Settings.from_env(
        {**GOOD, "MAIL_URL": "smtp://us%40er:pass@mail.example.test", "LOG_LEVEL": "warning", "S3_BUCKET": ""}
    )
    assert settings.public_url == "https://forms.example.test"
    mail = settings.mail
    assert (mail.host, mail.port, mail.username, mail.security) == ("mail.example.test", 587, "us@er", "starttls")
    assert mail.sender == "Formloom <no-reply@localhost>"
    assert settings.log_level == "WARNING"
    assert settings.s3.bucket is None
    assert settings.database_url is None


@pytest.mark.parametrize(
    ("secret", "code"),
    [
        ("", "required"),
        ("changeme", "known_secret"),
        (DEMO_SECRET, "known_secret"),
        ("short", "too_short"),
        ("a" * 64, "too_short"),
    ],
)
def test_no_start_with_a_secret_that_is_none(secret: str, code: str) -> None:
    assert wrong({**GOOD, "SECRET_KEY": secret}) == {"/SECRET_KEY": code}


def test_the_demo_needs_nothing() -> None:
    assert Settings.from_env({"DEMO": "1"}).secret_key == DEMO_SECRET


def test_all_that_is_wrong_is_said_at_once() -> None:
    environ = {
        "PUBLIC_URL": "forms.example.test",
        "DATABASE_URL": "mysql://x",
        "MAIL_URL": "smtp://host:many",
        "LOG_LEVEL": "loud",
        "DATABASE_POOL_SIZE": "0",
        "TRUSTED_PROXIES": "x",
        "DEMO": "perhaps",
    }
    assert wrong(environ) == {
        "/SECRET_KEY": "required",
        "/PUBLIC_URL": "not_an_url",
        "/DATABASE_URL": "not_postgresql",
        "/MAIL_URL": "not_an_url",
        "/LOG_LEVEL": "unknown_choice",
        "/DATABASE_POOL_SIZE": "too_small",
        "/TRUSTED_PROXIES": "not_a_number",
        "/DEMO": "not_a_flag",
    }


def test_secrets_stay_out_of_representations() -> None:
    settings = Settings.from_env(
        {
            **GOOD,
            "MAIL_URL": "smtps://u:mailpass@h",
            "S3_SECRET_KEY": "s3pass",
            "DATABASE_URL": "postgresql://u:dbpass@h/d",
        }
    )
    shown = repr(settings)
    assert not [word for word in (GOOD["SECRET_KEY"], "mailpass", "s3pass", "dbpass") if word in shown]
