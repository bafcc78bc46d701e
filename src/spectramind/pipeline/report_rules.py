"""What the report shows of ``audit``."""

from spectramind.config.root import Config
from spectramind.contracts.predictive import SUBMITTED
from spectramind.contracts.work_folder import WorkFolder
from spectramind.run.environment import file_digest
from spectramind.symbolic.audit_findings import AuditFindings


def audit_findings(config: Config) -> AuditFindings:
    """What audit found of the prediction that is there.

    Raises:
        SchemaError: a file is missing or broken, or audit judged another prediction.
    """
    folder = WorkFolder(config.paths)
    judged = folder.prediction(SUBMITTED)
    digest = file_digest(judged) if judged.is_file() else ""
    return AuditFindings.load(folder.audit.violations, folder.audit.influence, digest)
