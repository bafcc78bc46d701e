import { Fragment } from 'react';

import { lines } from './richText';

/** Plotly's little markup as elements: lines and bold, all else is text. */
export function Words({ text }: { text: string }) {
  return (
    <>
      {lines(text).map((runs, row) => (
        <Fragment key={row}>
          {row > 0 && <br />}
          {runs.map((run, i) =>
            run.bold ? <b key={i}>{run.text}</b> : <Fragment key={i}>{run.text}</Fragment>,
          )}
        </Fragment>
      ))}
    </>
  );
}
