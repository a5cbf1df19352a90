"""People, the roles they hold, the departments they belong to."""

from formloom.models.people import Department, Person, PersonRole, Role
from formloom.people.service import (
    CODES,
    assign_roles,
    create_department,
    create_person,
    department_names,
    disable_person,
    enable_person,
    ensure_role,
    find_person,
    manager_of,
    members_of_role,
    names,
    normal_login,
    roles_of,
    search,
    search_departments,
)

__all__ = [
    "CODES",
    "Department",
    "Person",
    "PersonRole",
    "Role",
    "assign_roles",
    "create_department",
    "create_person",
    "department_names",
    "disable_person",
    "enable_person",
    "ensure_role",
    "find_person",
    "manager_of",
    "members_of_role",
    "names",
    "normal_login",
    "roles_of",
    "search",
    "search_departments",
]
