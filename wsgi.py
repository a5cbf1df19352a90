"""The one entry point for a WSGI server: ``gunicorn wsgi:app``. Settings come from the environment."""

from formloom.logs import configure_logs
from formloom.settings import Settings

from web import create_app
from web.composition import compose

settings = Settings.from_env()
configure_logs(settings)
services = compose(settings)
services.start()
app = create_app(settings, services)
