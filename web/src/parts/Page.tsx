import { type ReactNode, useEffect } from 'react';

interface Props {
  title: string;
  /** A line above the title: where this is. */
  over?: ReactNode;
  /** Buttons and links beside the title. */
  actions?: ReactNode;
  children: ReactNode;
}

/** A view: its heading, which is the document's title too, and what it shows. */
export function Page({ title, over, actions, children }: Props) {
  useEffect(() => {
    document.title = `${title} · SpectraMind`;
  }, [title]);
  return (
    <>
      <div className="mb-4 flex flex-wrap items-end gap-x-6 gap-y-2">
        <div className="min-w-0 grow">
          {over !== undefined && <p className="text-sm text-soft">{over}</p>}
          <h1>{title}</h1>
        </div>
        {actions !== undefined && <div className="screen flex flex-wrap gap-2">{actions}</div>}
      </div>
      <div className="grid grid-cols-[minmax(0,1fr)] gap-4">{children}</div>
    </>
  );
}
