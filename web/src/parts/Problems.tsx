import { sentence } from '../app/format';

/** What could not be read, a sentence each; the view shows the rest. */
export function Problems({ of }: { of: readonly string[] }) {
  if (of.length === 0) return null;
  return (
    <section aria-label="Problems" className="badge tone-warn rounded-lg px-4 py-3">
      <ul className="grid gap-1 text-ink">
        {of.map((text) => (
          <li key={text} className="flex gap-2">
            <span aria-hidden className="font-bold text-warn">
              !
            </span>
            <span className="min-w-0 [overflow-wrap:anywhere]">{sentence(text)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
