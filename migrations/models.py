"""All tables of the house, for Alembic: it compares them with the database."""

import formloom.models
from formloom.db.base import Base

import flow_engine.models
import form_engine.documents.models
import form_engine.imports.models
import form_engine.models

MODULES = (
    formloom.models,
    form_engine.models,
    form_engine.documents.models,
    form_engine.imports.models,
    flow_engine.models,
)
METADATA = Base.metadata
