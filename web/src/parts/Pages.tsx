import { plural } from '../app/format';

interface Props {
  page: number;
  size: number;
  total: number;
  /** What is counted, e.g. "run". */
  what: string;
  turn: (page: number) => void;
}

/** Which rows are shown of how many, and the way to the others. */
export function Pages({ page, size, total, what, turn }: Props) {
  const last = Math.max(1, Math.ceil(total / size));
  const first = (page - 1) * size + 1;
  const range = total > size ? `${first}–${Math.min(total, page * size)} of ` : '';
  return (
    <nav aria-label="Pages" className="flex flex-wrap items-center gap-2 text-sm text-soft">
      <span className="grow" aria-live="polite">
        {range}
        {plural(total, what)}
      </span>
      {last > 1 && (
        <span className="screen flex items-center gap-2">
          <button
            type="button"
            className="control"
            disabled={page <= 1}
            onClick={() => turn(page - 1)}
          >
            Previous
          </button>
          <span>
            Page {page} of {last}
          </span>
          <button
            type="button"
            className="control"
            disabled={page >= last}
            onClick={() => turn(page + 1)}
          >
            Next
          </button>
        </span>
      )}
    </nav>
  );
}
