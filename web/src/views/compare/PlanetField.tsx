import { useId, useState } from 'react';

interface Props {
  ids: readonly string[];
  value: string;
  change: (planet: string) => void;
}

const OFFERED = 50;

/** Chooses a planet by its id, of many: a field with offers, and steps to its neighbours. */
export function PlanetField({ ids, value, change }: Props) {
  const [text, setText] = useState(value);
  const [given, setGiven] = useState(value);
  const list = useId();
  if (given !== value) {
    setGiven(value);
    setText(value);
  }
  const type = (next: string) => {
    setText(next);
    if (ids.includes(next.trim())) change(next.trim());
  };
  const step = (by: number) => {
    const next = ids[(ids.indexOf(value) + by + ids.length) % ids.length];
    if (next !== undefined) change(next);
  };
  const offers = ids.filter((id) => id.includes(text) || text === value).slice(0, OFFERED);
  return (
    <div className="flex items-end gap-2">
      <label className="text-xs text-soft">
        <span className="block">Planet</span>
        <input
          className="control w-40"
          value={text}
          list={list}
          onChange={(event) => type(event.target.value)}
          onBlur={() => setText(value)}
        />
      </label>
      <datalist id={list}>
        {offers.map((id) => (
          <option key={id} value={id} />
        ))}
      </datalist>
      <button
        type="button"
        className="control"
        aria-label="Previous planet"
        onClick={() => step(-1)}
      >
        <span aria-hidden>←</span>
      </button>
      <button type="button" className="control" aria-label="Next planet" onClick={() => step(1)}>
        <span aria-hidden>→</span>
      </button>
    </div>
  );
}
