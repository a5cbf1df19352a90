"""What may go wrong with a file or a batch on purpose; the web layer has words for each."""

from typing import Final

from formloom.errors import InvalidInput, Issue


class UnreadableFile(InvalidInput):
    """The upload is no sheet, or more than we are willing to open."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code, params, (Issue("/file", code, params),))


ROW_CODES: Final = (
    "no_such_record",
    "several_such_records",
    "no_such_person",
    "no_such_department",
    "duplicate_row",
    "contradicting_rows",
    "already_there",
    "row_blank",
    "row_repeated_header",
    "row_subtotal",
    "row_footnote",
    "row_group",
)
"""What the house itself says of rows; every profile may use these without bringing them along."""

CODES: Final = (
    "sheet_unreadable",
    "sheet_wrong_type",
    "sheet_encrypted",
    "sheet_inflates",
    "sheet_too_large",
    "sheet_takes_too_long",
    "sheet_encoding",
    "sheet_nul",
    "too_many_rows",
    "too_many_columns",
    "too_many_sheets",
    "no_header_found",
    "unknown_import",
    "import_has_errors",
    "import_wrong_state",
    "import_nothing_valid",
    "import_row_unknown",
    "import_column_unknown",
    "nothing_to_infer",
    "not_importable",
    "not_a_link",
    "unknown_code",
    "unknown_column",
    *ROW_CODES,
)
