import type { ReactNode } from 'react';

import type { Tool } from './useGestures';

export interface Actions {
  zoom: (factor: number) => void;
  reset: () => void;
  chooseSeen: () => void;
  svg: () => void;
  png: () => void;
  csv: () => void;
  table: () => void;
}

interface Props {
  tool: Tool;
  setTool: (tool: Tool) => void;
  isMap: boolean;
  isZoomed: boolean;
  hasTable: boolean;
  actions: Actions;
}

interface ButtonProps {
  label: string;
  pressed?: boolean;
  disabled?: boolean;
  onClick: () => void;
  children: ReactNode;
}

function Tool({ label, pressed, disabled, onClick, children }: ButtonProps) {
  return (
    <button
      type="button"
      title={label}
      aria-label={label}
      aria-pressed={pressed}
      disabled={disabled}
      onClick={onClick}
      className={`min-w-7 rounded px-1.5 py-0.5 hover:bg-page hover:text-ink disabled:opacity-40 ${pressed ? 'bg-page font-semibold text-ink' : ''}`}
    >
      {children}
    </button>
  );
}

/** What can be done with a figure, below it. */
export function Toolbar({ tool, setTool, isMap, isZoomed, hasTable, actions }: Props) {
  const pick = (next: Tool) => () => setTool(tool === next ? 'zoom' : next);
  return (
    <div className="screen flex flex-wrap items-center justify-end gap-x-1 text-xs text-soft">
      {isMap && (
        <>
          <Tool
            label="Draw a loop around planets to list them"
            pressed={tool === 'lasso'}
            onClick={pick('lasso')}
          >
            Lasso
          </Tool>
          <Tool label="List the planets in sight" onClick={actions.chooseSeen}>
            All in sight
          </Tool>
        </>
      )}
      <Tool
        label="Move the view by dragging, instead of zooming into a rectangle"
        pressed={tool === 'pan'}
        onClick={pick('pan')}
      >
        Move
      </Tool>
      <Tool label="Zoom in" onClick={() => actions.zoom(0.7)}>
        +
      </Tool>
      <Tool label="Zoom out" onClick={() => actions.zoom(1 / 0.7)}>
        −
      </Tool>
      <Tool label="Show everything again" disabled={!isZoomed} onClick={actions.reset}>
        Reset
      </Tool>
      <span aria-hidden className="mx-1 h-3 border-l border-line" />
      <Tool label="Save the figure as SVG" onClick={actions.svg}>
        SVG
      </Tool>
      <Tool label="Save the figure as PNG" onClick={actions.png}>
        PNG
      </Tool>
      <Tool label="Save the data of the figure as CSV" onClick={actions.csv}>
        CSV
      </Tool>
      <Tool label="Show the data of the figure as a table" pressed={hasTable} onClick={actions.table}>
        Table
      </Tool>
    </div>
  );
}
