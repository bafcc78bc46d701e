import { type ReactNode, useId } from 'react';
import { Card } from '../app/tremor';

interface Props {
  title: string;
  /** A line below the title. */
  note?: ReactNode;
  /** Beside the title. */
  actions?: ReactNode;
  children: ReactNode;
}

/** A card with a heading of its own. */
export function Section({ title, note, actions, children }: Props) {
  const id = useId();
  return (
    <Card role="region" aria-labelledby={id}>
      <div className="mb-3 flex flex-wrap items-start gap-x-4 gap-y-2">
        <div className="min-w-0 grow">
          <h2 id={id}>{title}</h2>
          {note !== undefined && <p className="max-w-prose text-sm text-soft">{note}</p>}
        </div>
        {actions !== undefined && <div className="screen flex flex-wrap gap-2">{actions}</div>}
      </div>
      {children}
    </Card>
  );
}
