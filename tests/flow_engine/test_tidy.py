"""Rights that finished tasks left: one of those that say the same stays, and none that an open task gave goes."""

from formloom.db.engine import Databases
from sqlalchemy import text

from flow_engine.service.tidy import sweep_grants


def test_one_right_of_several_that_say_the_same_stays(databases: Databases, workspace: int) -> None:
    tasks = [  # person, visit, status, fields
        (1, 1, "done", '{"*": "read"}'),
        (1, 2, "done", '{"*": "read"}'),
        (1, 3, "done", '{"a": "read"}'),
        (1, 4, "open", '{"*": "read"}'),
        (2, 1, "done", '{"*": "read"}'),
    ]
    with databases.owner.begin() as connection:
        for person, visit, status, fields in tasks:
            values = {"ws": workspace, "p": person, "v": visit, "s": status, "f": fields}
            connection.execute(
                text(
                    "INSERT INTO task (workspace_id, run_id, flow, form, record_id, visit, step, kind, person_id,"
                    " status, opened_at) VALUES (:ws, 7, 'x', 'x', 5, :v, 'x', 'approve', :p, :s, now())"
                ),
                values,
            )
            connection.execute(
                text(
                    "INSERT INTO access_grant (workspace_id, person_id, form, record_id, source, actions, fields)"
                    " VALUES (:ws, :p, 'x', 5, 'run:7:' || :v, '{read}', CAST(:f AS jsonb))"
                ),
                {**values, "v": str(visit)},
            )
        connection.execute(
            text(
                "INSERT INTO access_grant (workspace_id, person_id, form, record_id, source, actions, fields)"
                " VALUES (:ws, 1, 'x', 5, 'share:3', '{read}', '{\"*\": \"read\"}')"
            ),
            {"ws": workspace},
        )
    for _ in range(2):
        sweep_grants(databases)
        with databases.owner.connect() as connection:
            left = connection.execute(text("SELECT person_id, source FROM access_grant ORDER BY id")).all()
        assert [tuple(row) for row in left] == [
            (1, "run:7:1"),
            (1, "run:7:3"),
            (1, "run:7:4"),
            (2, "run:7:1"),
            (1, "share:3"),
        ]
