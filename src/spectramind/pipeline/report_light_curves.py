"""The report's light curves, and which visits' fits are doubted."""

from collections.abc import Callable, Sequence

from spectramind.config.root import Config
from spectramind.contracts.depths import Depths
from spectramind.contracts.star_row import StarRow
from spectramind.dataset.tree import KaggleTree, Visit
from spectramind.diagnostics.report_data import Contacts, DoubtedVisit, LightCurve
from spectramind.errors import SpectraMindError
from spectramind.features.contacts import contacts
from spectramind.pipeline.fit_reader import FitReader
from spectramind.pipeline.visits import star_rows

# Takes the name of a field of the report, and why it is empty or not whole.
Note = Callable[[str, str], None]
_SOME = 3  # names in a message
_SHAPE = ("t0", "log_a", "b", "k_airs")


def light_curves(
    config: Config,
    ids: Sequence[str],
    visits: dict[str, list[Visit]],
    fits: FitReader,
    note: Note,
) -> dict[str, LightCurve]:
    """The first measured visit of each planet; why others have none is noted."""
    points, rows = config.diag.light_curve_points, _rows(config)
    curves: dict[str, LightCurve] = {}
    without: dict[str, str] = {}
    for planet_id in ids:
        without[planet_id] = "not in data.raw" if visits else "no test visits in data.raw"
        for visit in visits.get(planet_id, ()):
            try:
                depths = fits.depths(visit.name)
                curve = _curve(depths, rows.get(visit.name))
            except SpectraMindError as error:
                without[planet_id] = str(error)
                continue
            if depths.measured:
                curves[planet_id] = curve.binned(points)
                del without[planet_id]
                break
            without[planet_id] = str(depths.info.get("reason") or "no transit was fitted")
    if without:
        named = "; ".join(f"{name}: {why}" for name, why in list(without.items())[:_SOME])
        more = f"; and {len(without) - _SOME} more" if len(without) > _SOME else ""
        note("light_curves", named + more)
    return curves


def _rows(config: Config) -> dict[str, StarRow]:
    """Rows of the star table by visit; none where the table is broken, which others tell."""
    try:
        return dict(star_rows(KaggleTree(config.data.raw), "test"))
    except SpectraMindError:
        return {}


def _curve(depths: Depths, star: StarRow | None) -> LightCurve:
    fgs1, airs = (None, None) if depths.drift is None else depths.drift.T
    found = depths.info.get("parameters", {})
    when = None
    if all(key in found for key in _SHAPE) and star is not None and not star.fault:
        t0, log_a, impact, ratio = (float(found[key]) for key in _SHAPE)
        when = Contacts(t0, *contacts(t0, log_a, impact, ratio, star).tolist())
    (light, airs_light), (model, airs_model) = depths.white.T, depths.model.T
    return LightCurve(depths.time_h, light, airs_light, model, airs_model, fgs1, airs, when)


def doubted_visits(
    ids: Sequence[str], visits: dict[str, list[Visit]], fits: FitReader
) -> list[DoubtedVisit] | None:
    """Visits of these planets whose fit is doubted, by planet; None where no fit is there.

    A visit whose file is missing or broken is doubted, and says so.
    """
    if not any(fits.features.depths(v.name).is_file() for one in ids for v in visits.get(one, ())):
        return None
    found = []
    for planet_id in ids:
        reasons = {}
        for visit in visits.get(planet_id, ()):
            try:
                reasons[visit.name] = str(fits.words(visit.name).info["reason"])
            except SpectraMindError as error:
                reasons[visit.name] = str(error)
        if not reasons:
            reasons["–"] = "not in data.raw"
        alone = all(reasons.values())
        found += [DoubtedVisit(planet_id, v, why, alone) for v, why in reasons.items() if why]
    return found
