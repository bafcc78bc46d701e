// The one door to Tremor, whose upkeep has slowed: the rest of the front end knows only these names.
// Single files are taken, because its index would bring all charts and date pickers along.
import TremorBadge from '@tremor/react/dist/components/icon-elements/Badge/Badge.js';
import TremorCard from '@tremor/react/dist/components/layout-elements/Card/Card.js';
import Table from '@tremor/react/dist/components/list-elements/Table/Table.js';
import TableBody from '@tremor/react/dist/components/list-elements/Table/TableBody.js';
import TableCell from '@tremor/react/dist/components/list-elements/Table/TableCell.js';
import TableHead from '@tremor/react/dist/components/list-elements/Table/TableHead.js';
import TableHeaderCell from '@tremor/react/dist/components/list-elements/Table/TableHeaderCell.js';
import TableRow from '@tremor/react/dist/components/list-elements/Table/TableRow.js';
import TremorBar from '@tremor/react/dist/components/vis-elements/ProgressBar/ProgressBar.js';
import type { HTMLAttributes, ReactNode } from 'react';

export { Table, TableBody, TableCell, TableHead, TableHeaderCell, TableRow };

export type Tone = 'good' | 'warn' | 'bad' | 'model' | 'soft';

type CardProps = HTMLAttributes<HTMLDivElement> & { children: ReactNode };

/** A panel of the page. */
export function Card({ className = '', ...rest }: CardProps) {
  return <TremorCard className={`p-4 sm:p-5 ${className}`} {...rest} />;
}

/** A short word in a tone: a state, a count. */
export function Badge({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <TremorBadge size="xs" className={`badge tone-${tone} ring-0`}>
      {children}
    </TremorBadge>
  );
}

/** How much of something is done, 0 to 1; ``label`` says of what. */
export function Bar({ share, label }: { share: number; label: string }) {
  const value = Math.round(100 * Math.min(1, Math.max(0, share)));
  return (
    <TremorBar
      value={value}
      showAnimation
      role="progressbar"
      aria-label={label}
      aria-valuenow={value}
      aria-valuemin={0}
      aria-valuemax={100}
    />
  );
}
