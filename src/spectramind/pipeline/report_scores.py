"""What the report shows of ``score``: every estimator's, as the page names them."""

import json
from typing import Any

from spectramind.config.root import Config
from spectramind.contracts.predictive import SUBMITTED
from spectramind.contracts.work_folder import WorkFolder
from spectramind.errors import SchemaError
from spectramind.run import environment


def summaries_of(config: Config) -> list[dict[str, Any]]:
    """Scores as the page names them.

    Raises:
        SchemaError: the file is not what ``score`` writes, or it scored another prediction.
    """
    path, predicted = config.paths.score, WorkFolder(config.paths).prediction(SUBMITTED)
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        rows = held["predictions"]
        found = [
            {
                "name": row["name"],
                "score": row["score"],
                "low": row["score_low"],
                "high": row["score_high"],
                "fgs1_score": row["fgs1_part"],
                "airs_score": row["airs_part"],
                "rms_fgs1_ppm": row["residuals_ppm"]["fgs1_rms"],
                "rms_airs_mean_ppm": row["residuals_ppm"]["airs_mean_rms"],
                "rms_airs_shape_ppm": row["residuals_ppm"]["airs_shape_rms"],
                "coverage_1sigma": row["one_sigma_coverage"],
                "coverage_interval": row["interval_coverage"],
                "width_mean_ppm": row["interval_width_ppm"],
                # from here on: not in files of an earlier version
                "width_median_ppm": row.get("interval_width_median_ppm"),
                **{f"sigma_{key}_ppm": value for key, value in row.get("sigma_ppm", {}).items()},
            }
            for row in rows
        ]
        scored = held.get("scored")  # not in files of an earlier version
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise SchemaError(
            f"{path} is not what score writes ({reason}): run `spectramind score` again"
        ) from error
    if scored and predicted.is_file() and scored != environment.file_digest(predicted):
        raise SchemaError(f"{path} scored another prediction: run `spectramind score` again")
    return found
