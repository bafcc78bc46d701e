/** A setting's value in one line. */
export function written(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
