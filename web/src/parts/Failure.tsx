import type { ApiError } from '../app/api';

/** Why a view has nothing (new) to show, and a way to ask again. */
export function Failure({ error, again }: { error: ApiError; again?: () => void }) {
  return (
    <div
      role="alert"
      className="badge tone-bad flex flex-wrap items-center gap-3 rounded-lg px-4 py-3"
    >
      <p className="grow text-ink">{error.message}</p>
      {again && error.status !== 401 && (
        <button type="button" className="control" onClick={again}>
          Ask again
        </button>
      )}
    </div>
  );
}
