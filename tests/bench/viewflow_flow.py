"""Two levels of approval in django-viewflow. Importable only once Django is set up (`viewflow_app`)."""

from typing import Any

from viewflow import this
from viewflow.workflow import flow, lock
from viewflow.workflow.models import Process


def _person(name: str) -> Any:
    from django.contrib.auth.models import User

    return lambda activation: User.objects.get(username=name)


class Agreement(flow.Flow):  # type: ignore[misc]
    """One level, then the other."""

    process_class = Process
    lock_impl = lock.SelectForUpdateLock()
    start = flow.StartHandle(this.begin).Next(this.check)
    check = flow.View(lambda request: None).Assign(_person("checker")).Next(this.agree)
    agree = flow.View(lambda request: None).Assign(_person("head")).Next(this.end)
    end = flow.End()

    def begin(self, activation: Any) -> None:
        """Nothing to do."""
