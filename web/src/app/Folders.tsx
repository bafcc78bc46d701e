import type { ReactNode } from 'react';
import { Link, useLocation, useRoute } from 'wouter';
import { Failure } from '../parts/Failure';
import { to } from './address';
import { useChanges } from './changes';
import { number } from './format';
import type { FolderRow } from './types';
import type { Answer } from './useAnswer';

interface EntryProps {
  href: string;
  current: boolean;
  inner?: boolean;
  children: ReactNode;
}

function Entry({ href, current, inner = false, children }: EntryProps) {
  return (
    <Link
      href={href}
      aria-current={current ? 'page' : undefined}
      className={`flex items-center gap-2 rounded-md px-2 py-1 text-sm hover:bg-page ${inner ? 'ml-4' : ''} ${
        current ? 'bg-page font-semibold text-ink' : 'text-soft'
      }`}
    >
      {children}
    </Link>
  );
}

type Row = Pick<FolderRow, 'name' | 'path' | 'problem' | 'running' | 'score'>;
const UNREAD = { path: '', problem: null, running: 0, score: null };

function Folder({ row, open, path }: { row: Row; open: boolean; path: string }) {
  const base = to.folder(row.name);
  return (
    <li>
      <Entry href={base} current={path === base}>
        <span className="min-w-0 grow truncate" title={row.path}>
          {row.name}
        </span>
        {row.problem !== null && <span className="font-bold text-bad">!</span>}
        {row.running > 0 && (
          <span className="text-xs font-semibold text-link">{row.running} running</span>
        )}
        {row.score !== null && (
          <span className="text-xs tabular-nums" title="score">
            {number(row.score)}
          </span>
        )}
      </Entry>
      {open && (
        <Entry href={to.planets(row.name)} current={path === to.planets(row.name)} inner>
          Planets
        </Entry>
      )}
    </li>
  );
}

/** Where one can go: runs, comparison, and the work folders. */
export function Folders({ answer }: { answer: Answer<FolderRow[]> }) {
  const [path] = useLocation();
  const { events } = useChanges();
  // Scores take a while to compute; the names are known before.
  const rows = answer.data ?? Object.keys(events).map((name) => ({ ...UNREAD, name }));
  const [, inside] = useRoute('/folder/:folder/*?');
  return (
    <nav aria-label="Views" className="flex min-h-0 flex-col gap-3">
      <div>
        <Entry href={to.runs()} current={path === '/'}>
          Runs
        </Entry>
        <Entry href="/compare" current={path === '/compare'}>
          Compare
        </Entry>
      </div>
      <h2 className="px-2 text-xs font-semibold text-soft">Work folders</h2>
      {answer.error && <Failure error={answer.error} />}
      <ul className="grid min-h-0 gap-0.5 overflow-y-auto">
        {rows.map((row) => (
          <Folder key={row.name} row={row} open={inside?.folder === row.name} path={path} />
        ))}
      </ul>
    </nav>
  );
}
