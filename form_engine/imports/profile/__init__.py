"""Import profiles: definitions that say how sheets of one kind become records (ADR 064)."""

from form_engine.imports.profile.compile import ReadyColumn, ReadyProfile, compile_profile
from form_engine.imports.profile.model import LEVELS, ImportProfile, Level
from form_engine.imports.profile.parse import parse_profile

__all__ = ["LEVELS", "ImportProfile", "Level", "ReadyColumn", "ReadyProfile", "compile_profile", "parse_profile"]
