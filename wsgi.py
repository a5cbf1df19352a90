"""The one entry point for a WSGI server: ``gunicorn wsgi:app``. Settings come from the environment."""

from formloom.settings import Settings
from web import create_app

app = create_app(Settings.from_env())
