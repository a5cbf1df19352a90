"""The API does what its own description says, whatever is sent: no 5xx, no answer that its schema does not allow.

Schemathesis makes requests from the OpenAPI document, half of them by the schemas and half against them. Ids that exist
are put in their places as often as random ones, so that the requests get past the door. `make test` sends a few an
operation, `make soak` many.
"""

import itertools
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import schemathesis
from formloom.db.connect import Server
from formloom.db.engine import databases_at
from formloom.settings import PasswordCost, Settings
from formloom.workspaces import create_workspace
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from tests.security.town import Side, found_side
from tests.web.conftest import BASE, Browser
from web import create_app
from web.composition import Services, compose

SOAK = bool(os.environ.get("FORMLOOM_SOAK"))
EXAMPLES = 150 if SOAK else 2
BY_SCHEMA, AGAINST = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE
TRIED = [("admin", BY_SCHEMA), ("agent", AGAINST), ("admin", AGAINST), ("agent", BY_SCHEMA)]
_keys = itertools.count(1)


@pytest.fixture(scope="module")
def fuzzed(
    clone_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Services, Side]]:
    """A workspace of its own, because some of the requests do what they ask for."""
    address = clone_database("formloom_fuzzed")
    databases = databases_at(Server(lambda: address), pool_size=10)
    config = Settings(
        secret_key="a secret that only the tests use, 0123456789",
        public_url="https://formloom.test",
        data_dir=tmp_path_factory.mktemp("fuzzed"),
        password_cost=PasswordCost(time=1, memory_kib=8, lanes=1),
    )
    services = compose(config, databases)
    app = create_app(config, services)
    yield services, found_side(services, app, "fuzzed", create_workspace(databases, "fuzzed", "Fuzzed"))
    services.streams.close()
    services.listener.close()
    services.flows.close()
    databases.close()


def operations(browser: Browser, mode: schemathesis.GenerationMode) -> Iterator[Any]:
    config = schemathesis.Config.from_dict({"generation": {"mode": mode.value}})
    document = browser.get("/api/v1/openapi.json").get_json()
    for found in schemathesis.openapi.from_dict(document, config=config).get_all_operations():
        operation: Any = found
        yield operation.ok()


def known(side: Side) -> Mapping[str, list[Any]]:
    """Ids of things that are there, by the name of the parameter that takes them."""
    records = [side.ids[name] for name in ("contract", "customer", "bill12", "waiting", "reviewed", "dossier")]
    return {
        "record_id": records,
        "task_id": [side.ids["task"]],
        "run_id": [side.ids["run"]],
        "form": ["payment", "probe", "dossier", "customer"],
        "key": ["payment", "probe", "dossier"],
        "version": [1, 2],
        "message_id": [side.ids["message"]],
        "device_id": [side.ids["device"]],
        "job_id": [1],
        "batch_id": [1],
    }


@pytest.mark.parametrize(("who", "mode"), TRIED if SOAK else TRIED[:2], ids=str)
def test_every_answer_is_as_described(
    fuzzed: tuple[Services, Side], who: str, mode: schemathesis.GenerationMode
) -> None:
    _, side = fuzzed
    browser, wrong = side.browsers[who], []
    for operation in operations(browser, mode):
        try:
            wrong += attack(browser, operation, mode, known(side))
        except Exception as error:  # what the tool cannot make requests for is a fault of the document, too
            wrong.append((operation.label, type(error).__name__, str(error)[:300]))
    assert wrong == [], "\n".join(f"{each}" for each in wrong)


def attack(
    browser: Browser, operation: Any, mode: schemathesis.GenerationMode, ids: Mapping[str, list[Any]]
) -> list[Any]:
    """What one operation answered otherwise than described."""
    wrong: list[Any] = []
    cases = operation.as_strategy(generation_mode=mode)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, place=st.integers(0, 5), real=st.sampled_from((True, True, False)))
    def send(case: Any, place: int, real: bool) -> None:
        if real:
            for name in case.path_parameters or {}:
                if name in ids:
                    case.path_parameters[name] = ids[name][place % len(ids[name])]
        with ask(browser, case) as answer:
            if answer.status_code >= 500:
                wrong.append((operation.label, answer.status_code, answer.text[:300], case.as_curl_command()[:500]))
                return
            try:
                case.validate_response(answer, checks=[content_type_conformance, response_schema_conformance])
            except Exception as error:
                wrong.append((operation.label, answer.status_code, str(error)[:600]))

    send()
    return wrong[:2]


def ask(browser: Browser, case: Any) -> Any:
    """The request, as a browser that is logged in sends it."""
    sent = {
        "X-CSRF-Token": browser.token,
        "Accept": "application/json",
        "Idempotency-Key": f"fuzz-{next(_keys):08}",
        "If-Match": '"1"',
    }
    arguments = case.as_transport_kwargs(base_url=BASE)
    sent |= {
        name: value
        for name, value in (arguments.pop("headers", None) or {}).items()
        if name.lower() not in ("user-agent", "authorization", "cookie", "accept")
        and value.isascii()
        and value.isprintable()
    }
    arguments.pop("cookies", None)
    url = arguments.pop("url")
    taken = {
        "json": arguments.get("json"),
        "data": arguments.get("data"),
        "query_string": arguments.get("params"),
    }
    path = url.removeprefix(BASE)
    return browser.client.open(
        path,
        method=arguments["method"],
        base_url=BASE,
        headers=sent,
        **{name: value for name, value in taken.items() if value is not None},
    )
