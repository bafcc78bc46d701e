import { useEffect, useRef, useState } from 'react';
import { at } from '../../app/api';
import { plural } from '../../app/format';
import type { LogLines } from '../../app/types';
import { useAnswer } from '../../app/useAnswer';
import { useNow } from '../../app/useNow';
import { Failure } from '../../parts/Failure';
import { Section } from '../../parts/Section';
import { Waiting } from '../../parts/Waiting';

const COUNT = 300;
const LIVE_MS = 2000;
const NEVER_MS = 2 ** 31 - 1;

interface Props {
  folder: string;
  runId: string;
  running: boolean;
}

function tone(line: string): string {
  if (/\b(ERROR|CRITICAL)\b/.test(line)) return 'text-bad';
  return /\bWARNING\b/.test(line) ? 'text-warn' : '';
}

/** ``end``: the last line is in view, and stays there when more come. */
function Lines({ of, end }: { of: LogLines; end: boolean }) {
  const box = useRef<HTMLPreElement>(null);
  useEffect(() => {
    const { current } = box;
    if (current) current.scrollTop = end ? current.scrollHeight : 0;
  }, [of, end]);
  return (
    <pre
      ref={box}
      // A scrolled region must be reachable with the keyboard.
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      role="log"
      aria-label="Log lines"
      aria-live="off"
      className="max-h-96 overflow-auto whitespace-pre-wrap sm:whitespace-pre rounded bg-page p-3 text-xs leading-relaxed"
    >
      {of.lines.map((line, index) => (
        <span key={of.first + index} className={`block ${tone(line)}`}>
          {line || ' '}
        </span>
      ))}
    </pre>
  );
}

/** The command's log, a page of lines at a time, from its end; it follows while the command runs. */
export function Log({ folder, runId, running }: Props) {
  // null: the last lines.
  const [first, setFirst] = useState<number | null>(null);
  const beat = useNow(running && first === null ? LIVE_MS : NEVER_MS);
  const answer = useAnswer(
    at.log(folder, runId, { count: COUNT, ...(first !== null && { first }) }),
    { version: `${running ? 'runs' : 'ended'} ${beat}`, keep: true },
  );
  const data = answer.data;
  const turn = (next: number) => {
    const last = (data?.total ?? 0) - COUNT;
    setFirst(next >= last ? null : Math.max(0, next));
  };
  return (
    <Section
      title="Log"
      note={
        data &&
        data.lines.length > 0 &&
        `Lines ${data.first + 1} to ${data.first + data.lines.length} of ${plural(data.total, 'line')}.`
      }
      actions={
        data &&
        data.total > data.lines.length && (
          <>
            <button
              type="button"
              className="control"
              disabled={data.first === 0}
              onClick={() => turn(data.first - COUNT)}
            >
              Earlier
            </button>
            <button
              type="button"
              className="control"
              disabled={data.first + data.lines.length >= data.total}
              onClick={() => turn(data.first + COUNT)}
            >
              Later
            </button>
          </>
        )
      }
    >
      {answer.error && <Failure error={answer.error} again={answer.reload} />}
      {!data && answer.loading && <Waiting what="Reading the log" />}
      {data?.lines.length === 0 && (
        <p className="text-soft">
          {running ? 'It has said nothing yet.' : 'It left no line in the log of its folder.'}
        </p>
      )}
      {data && data.lines.length > 0 && <Lines of={data} end={first === null} />}
    </Section>
  );
}
