"""The kernel: what any application needs, knowing nothing of forms or flows.

| where | what |
| --- | --- |
| `settings`, `errors`, `i18n`, `logs`, `health` | configuration, kinds of trouble, words, logs, readiness |
| `db` | embedded PostgreSQL, engines by role, unit of work, the hot path's door, migrations |
| `clock` | the one place that knows what time it is |
| `workspaces`, `people`, `access`, `guests` | tenants, who is who, who gets in, who comes by a link |
| `outbox`, `timers`, `wakeups` | work for as soon as possible, for when it is time, and hints that something changed |
| `messages`, `notifications`, `files` | mail and text messages, the bell, uploads |
| `audit`, `idempotency`, `housekeeping` | what happened, once, and what may go |

Nothing here opens a connection or starts a thread on import: `web.composition` builds everything, once.
"""
