"""What administrators are told about people, roles, departments, calendars and tokens."""

from web.phrases.marking import N_

PHRASES = {
    "role_taken": N_("There is already a role with this key."),
    "role_held": N_("People hold this role: take it from them first."),
    "role_named": N_("Definitions speak of this role: change them first."),
    "role_needed_always": N_("There are always administrators."),
    "department_taken": N_("There is already a department with this key."),
    "department_used": N_("People or departments are in it: move them first."),
    "department_below_itself": N_("A department cannot lie below itself."),
    "calendar_taken": N_("There is already a calendar with this key."),
    "unknown_time_zone": N_("There is no time zone of this name."),
    "unknown_scope": N_("There is no such scope."),
    "unknown_token": N_("There is no such token, or it was revoked already."),
}
