"""django-viewflow set up within this process, with a database of its own."""

from collections.abc import Callable, Mapping
from typing import Any


def prepared(connection: Mapping[str, Any], count: int) -> Callable[[], object]:
    """A call that approves the next of so many begun processes."""
    import django
    from django.conf import settings

    settings.configure(
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "viewflow",
            "viewflow.workflow",
            "tests.bench",
        ],
        DATABASES={"default": _database(connection)},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
    )
    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from tests.bench.viewflow_flow import Agreement

    call_command("migrate", verbosity=0)
    for name in ("checker", "head"):
        User.objects.create(username=name)
    for _ in range(count):
        Agreement.start.run()
    tasks = Agreement.task_class.objects
    waiting = iter(tasks.filter(flow_task=Agreement.check).values_list("pk", flat=True))

    def step() -> None:
        with tasks.get(pk=next(waiting)).activation() as activation:
            activation.start(None)
            activation.execute()

    return step


def _database(connection: Mapping[str, Any]) -> dict[str, Any]:
    names = (("NAME", "dbname"), ("USER", "user"), ("PASSWORD", "password"), ("HOST", "host"), ("PORT", "port"))
    told = {django: connection.get(ours, "") for django, ours in names}
    return {"ENGINE": "django.db.backends.postgresql", **told}
