"""Settings of what a run may take: time and disk."""

from datetime import UTC, datetime

from pydantic import Field, field_validator

from spectramind.config.base import Section

SINCE = "%Y-%m-%dT%H:%M:%SZ"


class BudgetConfig(Section):
    """What the commands of a work folder may take.

    Attributes:
        hours: time from ``since`` on [h], None: as long as it takes.
        since: when a chain of commands began (UTC, ``2026-01-31T12:00:00Z``); None: when each does.
        disk_gb: what the work folder may hold [GB], without the raw data; None: what is free.
        warn_at: share of either at which a forecast is warned of.
        reserve_min: time [min] kept for what a submission needs: with less left, what can be done
            without is left out, and said.
    """

    hours: float | None = Field(gt=0, le=1000)
    since: str | None
    disk_gb: float | None = Field(gt=0, le=1e6)
    warn_at: float = Field(gt=0, le=1)
    reserve_min: float = Field(ge=0, le=600)

    @field_validator("since")
    @classmethod
    def _is_a_time(cls, since: str | None) -> str | None:
        if since is not None:
            try:
                datetime.strptime(since, SINCE)
            except ValueError as error:
                raise ValueError("must be UTC, as 2026-01-31T12:00:00Z") from error
        return since

    def began(self, now: datetime) -> datetime:
        """When the time that may be taken began; ``now`` is the command's own begin."""
        if self.since is None:
            return now
        return datetime.strptime(self.since, SINCE).replace(tzinfo=UTC)
