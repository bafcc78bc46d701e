// Numbers and times as people read them. Null, as the server says NaN, is a dash.
const DASH = '–';
const STEPS: readonly [number, string][] = [
  [86400, 'day'],
  [3600, 'h'],
  [60, 'min'],
];

export function number(value: number | null | undefined, digits = 3): string {
  return value === null || value === undefined ? DASH : value.toFixed(digits).replace('-', '−');
}

/** At most ``digits`` significant ones; large and small ones with an exponent. */
export function short(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined) return DASH;
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e6) return String(value);
  if (size >= 1e6 || (size > 0 && size < 1e-3)) return value.toExponential(digits - 1);
  return String(Number(value.toPrecision(digits)));
}

export function percent(value: number | null | undefined, digits = 1): string {
  return value === null || value === undefined ? DASH : `${(100 * value).toFixed(digits)} %`;
}

export function bytes(value: number | null): string {
  if (value === null) return 'gone';
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let size = value;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? size : size.toPrecision(3)} ${units[unit] ?? ''}`;
}

/** 0.4 s, 12 s, 3 min 5 s, 2 h 10 min. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return DASH;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86400)} d ${Math.floor((whole % 86400) / 3600)} h`;
}

/** just now, 5 min ago, 3 h ago, 2 days ago. */
export function ago(iso: string, now = Date.now()): string {
  const seconds = (now - Date.parse(iso)) / 1000;
  for (const [size, unit] of STEPS) {
    if (seconds < size) continue;
    const count = Math.floor(seconds / size);
    return `${count} ${unit}${unit === 'day' && count > 1 ? 's' : ''} ago`;
  }
  return 'just now';
}

/** in 20 s, in 4 min; "any moment" once it should be over. */
export function until(iso: string, now = Date.now()): string {
  const seconds = (Date.parse(iso) - now) / 1000;
  if (seconds < 1) return 'any moment';
  if (seconds < 90) return `in ${Math.round(seconds)} s`;
  if (seconds < 5400) return `in ${Math.round(seconds / 60)} min`;
  return `in ${(seconds / 3600).toFixed(1)} h`;
}

/** The full local time, for titles. */
export function when(iso: string): string {
  return new Date(iso).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

/** A text of the server as a sentence of its own. */
export function sentence(text: string): string {
  const end = /[.!?:]$/.test(text) ? '' : '.';
  return text && `${text.charAt(0).toUpperCase()}${text.slice(1)}${end}`;
}
