import { type Choice, useTheme } from './theme';

/** Light, dark, or as the system says; remembered in this browser. */
export function ThemeSwitch() {
  const [choice, choose] = useTheme();
  return (
    <label className="text-xs text-soft">
      <span className="unseen">Colours</span>
      <select
        className="control text-xs"
        value={choice}
        onChange={(event) => choose(event.target.value as Choice)}
      >
        <option value="system">As the system</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </label>
  );
}
