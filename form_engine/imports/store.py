"""Import profiles as definitions: published, checked against the forms, installed with an app."""

from collections.abc import Iterator, Mapping

from formloom.errors import InvalidDefinition, Issue
from sqlalchemy.orm import Session

from form_engine.definition import CompiledForm
from form_engine.definitions_store import DefinitionStore, FormStore
from form_engine.imports.profile import ImportProfile, compile_profile, parse_profile


class ImportStore(DefinitionStore[ImportProfile]):
    """The definitions of kind `import`. Publishing compiles them over the live forms."""

    def __init__(self, forms: FormStore) -> None:
        super().__init__("import", parse_profile)
        self._forms = forms

    def check(self, session: Session, parsed: Mapping[str, ImportProfile]) -> None:
        """Raises InvalidDefinition with every issue, below the profile's key."""
        world = self._forms.forms(session)
        issues = tuple(
            Issue(f"/{key}{issue.pointer}", issue.code, issue.params)
            for key, profile in parsed.items()
            for issue in problems_of(profile, world)
        )
        if issues:
            raise InvalidDefinition("invalid_definition", {"kind": self.kind}, issues)

    def broken_by(self, session: Session, forms: Mapping[str, CompiledForm]) -> Iterator[tuple[str, Issue]]:
        """What a live profile fills or asks that these forms do not have (any more)."""
        for key in self.keys(session):
            yield from ((key, issue) for issue in problems_of(self.live(session, key), forms))

    def of_form(self, session: Session, form: str) -> dict[str, ImportProfile]:
        """The live profiles that fill this form, by key."""
        live = {key: self.live(session, key) for key in self.keys(session)}
        return {key: profile for key, profile in live.items() if profile.form == form}


def problems_of(profile: ImportProfile, forms: Mapping[str, CompiledForm]) -> tuple[Issue, ...]:
    """Why a profile does not fit these forms."""
    try:
        compile_profile(profile, forms)
    except InvalidDefinition as error:
        return error.issues
    return ()
