import { describe, expect, it } from 'vitest';
import { ago, bytes, duration, number, percent, plural, short, until } from './format';

describe('format', () => {
  it('writes null as a dash', () => {
    expect([number(null), percent(undefined), short(null), duration(null)]).toEqual([
      '–',
      '–',
      '–',
      '–',
    ]);
  });
  it('writes durations in two units', () => {
    expect([0.42, 59, 185, 7800, 90000].map(duration)).toEqual([
      '0.4 s',
      '59 s',
      '3 min 5 s',
      '2 h 10 min',
      '1 d 1 h',
    ]);
  });
  it('carries over when a second is rounded up', () => {
    expect([59.7, 3599.8].map(duration)).toEqual(['1 min 0 s', '1 h 0 min']);
  });
  it('writes numbers short', () => {
    expect([0, 12345, 0.123456, 1.5e-5, 2.5e7].map((n) => short(n))).toEqual([
      '0',
      '12345',
      '0.1235',
      '1.500e-5',
      '2.500e+7',
    ]);
  });
  it('says how long ago and when', () => {
    const now = Date.parse('2026-01-10T00:00:00Z');
    expect(ago('2026-01-09T23:59:30Z', now)).toBe('just now');
    expect(ago('2026-01-09T23:50:00Z', now)).toBe('10 min ago');
    expect(ago('2026-01-07T00:00:00Z', now)).toBe('3 days ago');
    expect(until('2026-01-10T00:00:45Z', now)).toBe('in 45 s');
    expect(until('2026-01-09T00:00:00Z', now)).toBe('any moment');
  });
  it('writes sizes and counts', () => {
    expect([bytes(12), bytes(123456), bytes(null)]).toEqual(['12 B', '123 kB', 'gone']);
    expect([plural(1, 'run'), plural(1100, 'run')]).toEqual(['1 run', '1,100 runs']);
  });
});
