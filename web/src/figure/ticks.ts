import { isWithin, placeOf, span, type Axis } from './axis';
import { byFormat, byStep, power, short } from './format';

export interface Tick {
  place: number;
  label: string;
}

/** The least of 1, 2, 5 times a power of ten that is not below a step. */
export function niceStep(step: number): number {
  const scale = 10 ** Math.floor(Math.log10(step));
  for (const factor of [1, 2, 5]) if (factor * scale >= step * (1 - 1e-9)) return factor * scale;
  return 10 * scale;
}

/** Ticks of an axis within its range. */
export function ticksOf(axis: Axis): Tick[] {
  const found = axis.layout.tickvals ? listed(axis) : automatic(axis);
  return found.filter((tick) => isWithin(axis, tick.place));
}

function listed(axis: Axis): Tick[] {
  const { tickvals = [], ticktext } = axis.layout;
  return tickvals.map((value, i) => ({
    place: placeOf(axis, value),
    label: ticktext?.[i] ?? (axis.kind === 'log' ? logLabel(axis, value) : labelled(axis, value, 1)),
  }));
}

function automatic(axis: Axis): Tick[] {
  if (axis.kind === 'category') return axis.categories.map((label, place) => ({ place, label }));
  return axis.kind === 'log' ? decades(axis) : steps(axis);
}

function most(axis: Axis): number {
  const [low, high] = span(axis);
  if (axis.layout.nticks) return axis.layout.nticks;
  return Math.min(Math.max((high - low) / (axis.letter === 'x' ? 80 : 40), 3), 9) + 1;
}

function steps(axis: Axis): Tick[] {
  const low = Math.min(...axis.range);
  const high = Math.max(...axis.range);
  const { dtick } = axis.layout;
  // Zoomed in, the layout's own step may leave no two ticks: then it is halved as often as needed.
  let step = typeof dtick === 'number' ? dtick : niceStep((high - low) / most(axis));
  while (typeof dtick === 'number' && (high - low) / step < 1.5) step = niceStep(step / 2.5);
  const ticks: Tick[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++)
    ticks.push({ place: i * step, label: labelled(axis, i * step, step) });
  return ticks;
}

function labelled(axis: Axis, value: number, step: number): string {
  const { tickformat } = axis.layout;
  if (!tickformat) return byStep(value, step);
  // Per cent of a narrow window need decimals.
  if (tickformat === '.0%' && step < 0.01) return byFormat(value, `.${Math.ceil(-Math.log10(step * 100))}%`);
  return byFormat(value, tickformat);
}

function logLabel(axis: Axis, value: number): string {
  if (axis.layout.exponentformat === 'power') {
    const exponent = Math.log10(value);
    return Number.isInteger(Number(exponent.toFixed(9))) ? power(Math.round(exponent)) : short(value);
  }
  return axis.layout.tickformat ? byFormat(value, axis.layout.tickformat) : short(value);
}

const DIGITS: Record<string, number[]> = { D1: [1, 2, 3, 4, 5, 6, 7, 8, 9], D2: [1, 2, 5] };

function decades(axis: Axis): Tick[] {
  const low = Math.min(...axis.range);
  const high = Math.max(...axis.range);
  const { dtick } = axis.layout;
  const wide = high - low;
  let digits = DIGITS[String(dtick)] ?? (wide > 2.2 || typeof dtick === 'number' ? [1] : [1, 2, 5]);
  if (wide < 0.75) digits = DIGITS.D1!;
  const every = typeof dtick === 'number' ? dtick : Math.max(1, Math.ceil(wide / (most(axis) + 1)));
  const ticks: Tick[] = [];
  for (let e = Math.floor(low); e <= Math.ceil(high); e++) {
    if (digits.length === 1 && e % every) continue;
    for (const digit of digits) {
      const value = Number(`${digit}e${e}`);
      ticks.push({ place: Math.log10(value), label: logLabel(axis, value) });
    }
  }
  const inside = ticks.filter((tick) => isWithin(axis, tick.place));
  if (inside.length > 1) return ticks;
  // Zoomed into less than a digit: round steps of the value itself.
  const step = niceStep((10 ** high - 10 ** low) / most(axis));
  const fine: Tick[] = [];
  for (let i = Math.ceil(10 ** low / step); i * step <= 10 ** high; i++)
    if (i > 0) fine.push({ place: Math.log10(i * step), label: byStep(i * step, step) });
  return fine;
}
