import { type ReactNode, useEffect, useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { to } from './address';
import { at } from './api';
import { useVersion } from './changes';
import { Folders } from './Folders';
import { LiveMark } from './LiveMark';
import { ThemeSwitch } from './ThemeSwitch';
import { useAnswer } from './useAnswer';

/** Shell of every view: where one can go, how changes arrive, the theme. */
export function Layout({ children }: { children: ReactNode }) {
  const [path] = useLocation();
  // Where the menu was opened: it closes by itself when the address changes.
  const [openAt, setOpenAt] = useState<string | null>(null);
  const open = openAt === path;
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  const folders = useAnswer(at.folders(), { version: useVersion() });

  // A new view: who uses a keyboard or a screen reader begins at its top.
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    main.current?.focus({ preventScroll: true });
    if (!location.hash) scrollTo(0, 0);
  }, [path]);

  return (
    <div className="lg:grid lg:min-h-screen lg:grid-cols-[15rem_minmax(0,1fr)]">
      <a className="skip" href="#main">
        Skip to the view
      </a>
      <header className="screen border-b border-line bg-panel lg:sticky lg:top-0 lg:flex lg:h-screen lg:flex-col lg:border-b-0 lg:border-r">
        <div className="flex items-center gap-3 px-4 py-3">
          <Link href={to.runs()} className="grow font-semibold leading-tight">
            SpectraMind <span className="block text-xs font-normal text-soft">mission control</span>
          </Link>
          <button
            type="button"
            className="control lg:hidden"
            aria-expanded={open}
            aria-controls="menu"
            onClick={() => setOpenAt(open ? null : path)}
          >
            Menu
          </button>
        </div>
        <div
          id="menu"
          className={`${open ? 'flex' : 'hidden'} min-h-0 grow flex-col gap-3 px-2 pb-3 lg:flex`}
        >
          <Folders answer={folders} />
          <div className="mt-auto flex items-center gap-2 px-2 pt-2">
            <LiveMark />
            <ThemeSwitch />
          </div>
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1} className="min-w-0 px-4 py-5 sm:px-6 lg:px-8">
        <div className="mx-auto max-w-[90rem]">{children}</div>
      </main>
    </div>
  );
}
