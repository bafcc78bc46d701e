import { format } from 'd3-format';

import type { Cell } from './plotly';

const SUPERSCRIPT = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** 10 to a whole power, as a label. */
export function power(exponent: number): string {
  const digits = Array.from(String(Math.abs(exponent)))
    .map((d) => SUPERSCRIPT[Number(d)])
    .join('');
  return `10${exponent < 0 ? '⁻' : ''}${digits}`;
}

/** A number by a d3 format, as Plotly's tickformat and hover templates have it. */
export function byFormat(value: number, spec: string): string {
  return format(spec)(value);
}

/** A number for people: five digits that count, thousands apart. */
export function short(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  return size < 1e-4 || size >= 1e9 ? format('.4~e')(value) : format(',.5~r')(value);
}

/** A tick label of a linear axis: as many decimals as the step needs. */
export function byStep(value: number, step: number): string {
  const decimals = Math.max(0, Math.min(12, Math.ceil(-Math.log10(step) - 1e-9)));
  const fine = Math.abs(step * 10 ** decimals - Math.round(step * 10 ** decimals)) > 1e-6;
  return format(`,.${fine ? decimals + 1 : decimals}f`)(Math.abs(value) < step * 1e-9 ? 0 : value);
}

export function shown(value: Cell | undefined): string {
  if (value === null || value === undefined) return '–';
  return typeof value === 'number' ? short(value) : value;
}

/** What %{...} of a hover template may stand for. */
export type Fields = Record<string, Cell | undefined>;

/** A hover template filled: "%{x:.1f} ppm<extra>%{fullData.name}</extra>" is "12.0 ppm", name last. */
export function filled(template: string, fields: Fields): string {
  const inserted = template.replace(/%\{([\w.]+)(?::([^}]*))?\}/g, (_, key: string, spec?: string) => {
    const value = fields[key];
    return spec && typeof value === 'number' ? byFormat(value, spec) : shown(value);
  });
  return inserted.replace(/<extra>(.*?)<\/extra>/g, (_, extra: string) => (extra ? `<br>${extra}` : ''));
}
