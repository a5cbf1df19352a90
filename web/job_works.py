"""Which function does which kind of job: the one list, read by the composition (ADR 006)."""

from collections.abc import Mapping

from formloom.jobs import JobWork

from flow_engine.service import Flows
from form_engine.definitions_store import FormStore, backfill
from form_engine.definitions_store.form_store import REFRESH
from form_engine.definitions_store.publishing import KIND, ConvertJob, RefreshJob
from form_engine.exports import Exports
from form_engine.imports.service import Imports
from form_engine.imports.works import import_works
from form_engine.recalculation import drain
from form_engine.records.bulk_job import bulk_works
from form_engine.records.service import Records


def job_works(
    forms: FormStore, records: Records, flows: Flows, imports: Imports, exports: Exports
) -> Mapping[str, JobWork]:
    """By kind. What a function needs besides its `JobRun` is bound here."""
    return {
        **import_works(imports),
        **exports.works(),
        KIND: ConvertJob(forms),
        REFRESH: RefreshJob(forms),
        backfill.KIND: backfill.job(forms.forms),
        drain.KIND: drain.job(forms.forms),
        **bulk_works(records, forms),
        **flows.triggering.works(),
        **flows.chunks.works(),
    }
