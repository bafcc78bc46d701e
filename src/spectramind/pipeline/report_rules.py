"""What the report shows of ``audit`` and of COREL."""

from typing import TYPE_CHECKING

from spectramind.config.root import Config
from spectramind.contracts.predictive import SUBMITTED
from spectramind.contracts.work_folder import WorkFolder
from spectramind.diagnostics.report_data import CorelTable, QuantileRow
from spectramind.run.environment import file_digest
from spectramind.symbolic.audit_findings import AuditFindings

if TYPE_CHECKING:  # torch takes seconds
    from spectramind.uncertainty.corel import Corel


def audit_findings(config: Config) -> AuditFindings:
    """What audit found of the prediction that is there.

    Raises:
        SchemaError: a file is missing or broken, or audit judged another prediction.
    """
    folder = WorkFolder(config.paths)
    judged = folder.prediction(SUBMITTED)
    digest = file_digest(judged) if judged.is_file() else ""
    return AuditFindings.load(folder.audit.violations, folder.audit.influence, digest)


def corel_table(corel: "Corel") -> CorelTable:
    """Factors, and quantiles of every level and group."""
    rows = tuple(
        QuantileRow(level.alpha, group, level.quantiles[number], level.n_scores[number], taught_by)
        for level in corel.every_level
        for number, (group, taught_by) in enumerate(
            zip(corel.mondrian.rows, level.taught_by, strict=True)
        )
    )
    return CorelTable(corel.quantiles, corel.factors, corel.alpha, corel.n_scores, corel.kind, rows)
