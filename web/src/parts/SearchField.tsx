import { useEffect, useRef, useState } from 'react';

interface Props {
  label: string;
  value: string;
  /** Told once typing pauses. */
  change: (text: string) => void;
  placeholder?: string;
  className?: string;
}

const PAUSE_MS = 250;

/** A field that filters while one types, without a request for every letter. */
export function SearchField({ label, value, change, placeholder, className = '' }: Props) {
  const [text, setText] = useState(value);
  const [given, setGiven] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>();
  // The address changed from elsewhere (Back, a reset): the field follows.
  if (given !== value) {
    setGiven(value);
    setText(value);
  }
  useEffect(() => () => clearTimeout(timer.current), []);
  const type = (next: string) => {
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => change(next.trim()), PAUSE_MS);
  };
  return (
    <label className={`text-xs text-soft ${className}`}>
      <span className="block">{label}</span>
      <input
        type="search"
        className="control w-full"
        value={text}
        placeholder={placeholder}
        onChange={(event) => type(event.target.value)}
      />
    </label>
  );
}
