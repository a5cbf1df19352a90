"""The kernel's tables."""

from formloom.models.access import ApiToken, LoginSession, PasswordReset
from formloom.models.audit import AuditEntry, AuditSeal
from formloom.models.channels import ChannelChoice, Connection, HookDelivery, HookSecret, PushSubscription
from formloom.models.files import StoredFile
from formloom.models.guests import AccessGrant, GuestLink, IdempotencyKey
from formloom.models.messages import Message, Notification
from formloom.models.people import Absence, Department, Person, PersonRole, Role
from formloom.models.work import Job, OutboxItem, Timer
from formloom.models.workspace import Workspace

__all__ = [
    "Absence",
    "AccessGrant",
    "ApiToken",
    "AuditEntry",
    "AuditSeal",
    "ChannelChoice",
    "Connection",
    "Department",
    "GuestLink",
    "HookDelivery",
    "HookSecret",
    "IdempotencyKey",
    "Job",
    "LoginSession",
    "Message",
    "Notification",
    "OutboxItem",
    "PasswordReset",
    "Person",
    "PersonRole",
    "PushSubscription",
    "Role",
    "StoredFile",
    "Timer",
    "Workspace",
]
