"""Uploaded files: under our own id, typed by content, kept in a folder or in S3-compatible storage."""

from formloom.files.backend import FileBackend, FolderFiles, file_backend
from formloom.files.names import clean_name
from formloom.files.sniff import sniff
from formloom.files.store import CODES, FileStore, describe, find
from formloom.files.sweep import sweep_bytes, sweep_unattached

__all__ = [
    "CODES",
    "FileBackend",
    "FileStore",
    "FolderFiles",
    "clean_name",
    "describe",
    "file_backend",
    "find",
    "sniff",
    "sweep_bytes",
    "sweep_unattached",
]
