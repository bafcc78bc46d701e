import { sentence } from '../app/format';
import { Copy } from './Copy';

interface Props {
  what: string;
  reason: string;
  /** The command line that fills it. */
  command?: string;
}

/** What is not there, why, and the command that fills it. */
export function Empty({ what, reason, command = '' }: Props) {
  return (
    <div className="rounded-lg border border-dashed border-line px-4 py-5">
      <p className="font-semibold">{what}</p>
      <p className="mt-0.5 text-soft">{sentence(reason)}</p>
      {command && (
        <div className="mt-3 flex flex-wrap items-center gap-2">
          <code className="min-w-0 rounded bg-page px-2 py-1 [overflow-wrap:anywhere]">
            {command}
          </code>
          <Copy text={command} />
        </div>
      )}
    </div>
  );
}
