"""All the ways out of the house, put together: what sends, what it must know, and who hears of it."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

from sqlalchemy.orm import Session

from formloom import push
from formloom.bots import Bots
from formloom.connections import Connections
from formloom.errors import NotFound
from formloom.files import FileStore
from formloom.messages.delivery import Deliverer, Heard
from formloom.messages.ports import Transport, transports
from formloom.models import Message
from formloom.outgoing import Outgoing
from formloom.settings import Settings
from formloom.webhooks import ConnectionAddresses, Posting

MOST_ATTACHED = 10_000_000
"""Bytes in one mail; what is more stays in the house, where the mail leads."""


def deliverer(
    settings: Settings, outgoing: Outgoing, connections: Connections, files: FileStore, webhooks: Heard
) -> Deliverer:
    """The handler of `messages.KIND`; `webhooks` hears what receivers answered."""
    found = ConnectionAddresses(connections)
    ways: Mapping[str, Transport] = {
        **transports(settings),
        "push": push.WebPush(settings, outgoing),
        "bot": Bots(outgoing),
        "webhook": Posting(outgoing),
    }
    addresses = {"mail": attached(files), "push": push.addresses, "bot": found.bot, "webhook": found.webhook}
    return Deliverer(settings, ways, addresses, {"push": push.Removal(), "webhook": webhooks})


def attached(files: FileStore) -> Callable[[Session, Message], Mapping[str, Any]]:
    """The files that `about` names; one that is gone meanwhile, or would be too much, is left out."""

    def read(session: Session, message: Message) -> Mapping[str, Any]:
        found, room = [], MOST_ATTACHED
        for file_id in message.about.get("files", ()):
            with ExitStack() as stack:
                try:
                    row, stream = files.open(session, file_id)
                except NotFound:
                    continue
                stack.callback(stream.close)
                if row.size <= room:
                    room -= row.size
                    found.append({"name": row.name, "media_type": row.media_type, "content": stream.read()})
        return {"files": found}

    return read
