import { useState } from 'react';

/** Puts a text on the clipboard and says so. */
export function Copy({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [said, setSaid] = useState('');
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => setSaid('Copied'),
      () => setSaid('The browser forbids it'),
    );
    setTimeout(() => setSaid(''), 2000);
  };
  return (
    <button type="button" className="control screen shrink-0" onClick={copy}>
      <span aria-live="polite">{said || label}</span>
    </button>
  );
}
