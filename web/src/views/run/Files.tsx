import { bytes } from '../../app/format';
import { type Column, DataTable } from '../../parts/DataTable';
import { Section } from '../../parts/Section';
import type { RunDetail } from '../../app/types';

type File = RunDetail['files'][number];

const COLUMNS: readonly Column<File>[] = [
  {
    key: 'path',
    title: 'File',
    className: 'whitespace-normal [overflow-wrap:anywhere]',
    cell: (file) => <code>{file.path}</code>,
  },
  {
    key: 'size',
    title: 'Size',
    numeric: true,
    cell: (file) =>
      file.size_bytes === null ? <span className="text-warn">gone</span> : bytes(file.size_bytes),
  },
];

/** What the command wrote. */
export function Files({ of, running }: { of: readonly File[]; running: boolean }) {
  return (
    <Section title="Files">
      {of.length > 0 ? (
        <DataTable caption="Files it wrote" columns={COLUMNS} rows={of} id={(file) => file.path} />
      ) : (
        <p className="text-soft">
          {running ? 'Named when the command ends.' : 'It wrote none, or did not say which.'}
        </p>
      )}
    </Section>
  );
}
