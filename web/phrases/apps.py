"""What is said about bundles of definitions."""

from web.phrases.marking import N_

PHRASES = {
    "sample_key_repeated": N_("A sample row's key stands twice."),
    "sample_row_length": N_("A sample row has too many or too few values."),
    "sample_unknown_column": N_("A sample names a field that its form does not have."),
    "sample_unknown_form": N_("A sample names a form that the app does not have."),
    "sample_unresolved": N_("A sample points to a row that does not exist."),
    "bundle_invalid": N_("The app cannot be installed as it is."),
    "bundle_missing": N_("There is no app in this folder."),
    "wrong_kind": N_("This definition is of another kind."),
    "wrong_key": N_("The key differs from the file's name."),
    "unknown_folder": N_("This folder does not belong to an app."),
    "menu_unknown_form": N_("The menu names a form that the app does not have."),
    "file_missing": N_("A file is missing."),
    "file_too_large": N_("The file is too large."),
    "app_newer_installed": N_("A newer version of this app is installed."),
    "app_required": N_("This app needs another app that is not installed."),
    "key_taken": N_("This key already belongs to another app."),
    "changed_here": N_("You and the new version have both changed “%(key)s”. Nothing was installed."),
    "story_task_missing": N_("The demo could not find a task that it wanted to decide."),
}
