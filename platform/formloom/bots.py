"""Bots of group chats (WeCom, DingTalk, Feishu) through Apprise (ADR 087).

Apprise reads the address, knows each chat's message format and signs for DingTalk. Its requests go through our own way
out; so they meet no proxy and no inner network. A chat answers 200 and tells in the body that it took nothing: Apprise
would call that sent, we do not.
"""

import json
import logging
import re
from collections.abc import Mapping
from importlib import import_module
from types import FunctionType
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

from formloom.errors import ExternalFailure, InvalidInput, Issue
from formloom.messages.ports import Letter, Outcome
from formloom.outgoing import Answer, Outgoing

CODES = ("bad_bot_address", "bot_refused")

BOTS: Final[Mapping[str, str]] = {"wecom": "NotifyWeComBot", "dingtalk": "NotifyDingTalk", "feishu": "NotifyFeishu"}
_MODULES: Final[Mapping[str, str]] = {"wecom": "wecombot", "dingtalk": "dingtalk", "feishu": "feishu"}
_SCHEMES: Final[Mapping[str, str]] = {"wecom": "wecombot", "dingtalk": "dingtalk", "feishu": "feishu"}
_SHOWN: Final[Mapping[str, re.Pattern[str]]] = {
    "wecom": re.compile(r"https://qyapi\.weixin\.qq\.com/cgi-bin/webhook/send\?key=([A-Za-z0-9_-]{8,100})"),
    "dingtalk": re.compile(r"https://oapi\.dingtalk\.com/robot/send\?access_token=([A-Za-z0-9]{8,100})"),
    "feishu": re.compile(r"https://open\.feishu\.cn/open-apis/bot/v2/hook/([A-Za-z0-9_-]{8,100})/?"),
}
_PLAIN: Final = re.compile(r"[A-Za-z0-9]{8,100}")
_CODE_OF: Final[Mapping[str, str]] = {"wecom": "errcode", "dingtalk": "errcode", "feishu": "code"}

# It writes whole addresses, with their keys, into its log.
logging.getLogger("apprise").disabled = True


def check_address(kind: str, url: str, secret: str = "") -> str:
    """The address as Apprise writes it, from the one that the chat shows (DingTalk shows its signing key apart).

    Raises InvalidInput for what is none of this kind of bot.
    """
    found = _SHOWN[kind].fullmatch(url.strip()) if kind in _SHOWN else None
    if found is None or (secret and not _PLAIN.fullmatch(secret)):
        raise InvalidInput("invalid_input", issues=(Issue("/url", "bad_bot_address", {"kind": kind}),))
    return (
        f"{_SCHEMES[kind]}://{secret}@{found[1]}/"
        if secret and kind == "dingtalk"
        else f"{_SCHEMES[kind]}://{found[1]}/"
    )


class Bots:
    """`Letter.at` has the connection's `kind` and `url`."""

    outcome: ClassVar[Outcome] = "sent"

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing

    def deliver(self, letter: Letter) -> object:
        """Say it in the group."""
        kind = str(letter.at["kind"])
        bot, said = _bot(kind, str(letter.at["url"])), _Said(self._outgoing, _CODE_OF[kind])
        sent = _through(said, type(bot).send)(bot, body=letter.body)
        if said.failure is not None:
            raise said.failure
        if not sent:
            raise ExternalFailure("bot_refused", {"kind": kind, "said": said.told})
        return None


class _Said:
    """What a plugin takes for the module `requests`: `post` goes our way, and the body's own code counts."""

    class codes:  # noqa: N801  the name in `requests`
        ok = 200

    class RequestException(Exception):  # noqa: N818
        """Never raised: failures are kept and told afterwards."""

    def __init__(self, outgoing: Outgoing, code: str) -> None:
        self._outgoing, self._code = outgoing, code
        self.failure: ExternalFailure | None = None
        self.told = ""

    def post(self, url: str, *, data: Any, headers: Mapping[str, str], params: Any = None, **_: Any) -> "_Reply":
        """Send it by our way out."""
        body = data if isinstance(data, bytes) else str(data).encode()
        try:
            answer = self._outgoing.request("POST", f"{url}?{urlencode(params)}" if params else url, body, headers)
        except ExternalFailure as error:
            self.failure = error
            return _Reply(599)
        return _Reply(self._status(answer))

    def _status(self, answer: Answer) -> int:
        try:
            told = json.loads(answer.body)
            refused = isinstance(told, dict) and told.get(self._code) not in (0, None)
        except ValueError:
            told, refused = {}, False
        if refused or answer.status != 200:
            words = told.get("errmsg") or told.get("msg") or "" if isinstance(told, dict) else ""
            self.told = f"{answer.status} {str(words)[:200]}".strip()
            return 400
        return 200


class _Reply:
    def __init__(self, status: int) -> None:
        self.status_code, self.content = status, b""


def _bot(kind: str, url: str) -> Any:
    """The plugin for an address that `check_address` gave. Imported late: Apprise is large."""
    from apprise import plugins

    plugin = getattr(import_module(f"{plugins.__name__}.{_MODULES[kind]}"), BOTS[kind])
    return plugin(**plugin.parse_url(url))


def _through(said: _Said, send: Any) -> Any:
    """The plugin's own `send`, to which `requests` is our way out; the plugin's module stays as it is."""
    own = FunctionType(send.__code__, {**send.__globals__, "requests": said}, send.__name__, send.__defaults__)
    own.__kwdefaults__ = send.__kwdefaults__
    return own
