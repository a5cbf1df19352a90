"""The database roles that our connections act as (decision 002). They own nothing; the migration creates them."""

from typing import Literal, get_args

Role = Literal["formloom_app", "formloom_router", "formloom_sealer"]
ROLES: tuple[Role, ...] = get_args(Role)
