interface Props {
  label: string;
  value: string;
  /** Values, or pairs of value and words. */
  options: readonly (string | readonly [string, string])[];
  change: (value: string) => void;
}

/** A labelled choice of one. */
export function Choose({ label, value, options, change }: Props) {
  return (
    <label className="text-xs text-soft">
      <span className="block">{label}</span>
      <select
        className="control w-full"
        value={value}
        onChange={(event) => change(event.target.value)}
      >
        {options.map((option) => {
          const [key, words] = typeof option === 'string' ? [option, option] : option;
          return (
            <option key={key} value={key}>
              {words}
            </option>
          );
        })}
      </select>
    </label>
  );
}
