import { act, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';

import { unsupported } from './check';
import { Figure } from './Figure';
import { figureOf, MAP } from './sample';

// What jsdom lacks: everything is in sight and 460 px wide.
class Seen {
  constructor(private readonly tell: (seen: unknown[]) => void) {}
  observe() {
    this.tell([{ isIntersecting: true, contentRect: { width: 460 } }]);
  }
  disconnect() {
    /* nothing is watched */
  }
}
beforeEach(() => {
  vi.stubGlobal('IntersectionObserver', Seen);
  vi.stubGlobal('ResizeObserver', Seen);
  vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue(null);
});

describe('Figure', () => {
  it('says so aloud where it asks for what is not drawn', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const odd = figureOf([{ type: 'violin' }, { type: 'scatter', mode: 'lines', fill: 'tonexty' }]);
    render(<Figure name="odd" title="Odd" figure={odd} />);
    expect(screen.getByRole('alert')).toHaveTextContent('trace type "violin", scatter.fill = "tonexty"');
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('figure odd cannot be drawn'));
    expect(document.querySelector('canvas')).toBeNull();
  });

  it('is walked through by arrow keys, read out, and Enter opens the planet', async () => {
    const open = vi.fn();
    render(<Figure name="map" title="Map of planets" figure={MAP} onPlanet={open} />);
    const plot = screen.getByRole('application', { name: /Map of planets/ });
    act(() => plot.focus());
    await userEvent.keyboard('{ArrowRight}{ArrowRight}');
    expect(within(plot).getByText('B', { selector: '[aria-live]' })).toBeInTheDocument();
    await userEvent.keyboard('{Enter}');
    expect(open).toHaveBeenCalledWith('B');
  });

  it('lists the planets in sight', async () => {
    const chosen = vi.fn();
    render(<Figure name="map" title="Map" figure={MAP} onChosen={chosen} />);
    await userEvent.click(screen.getByRole('button', { name: 'List the planets in sight' }));
    expect(chosen).toHaveBeenCalledWith(['A', 'B', 'C']);
  });

  it('zooms by keys and comes back', async () => {
    render(<Figure name="map" title="Map" figure={MAP} />);
    const reset = screen.getByRole('button', { name: 'Show everything again' });
    expect(reset).toBeDisabled();
    act(() => screen.getByRole('application').focus());
    await userEvent.keyboard('+');
    expect(reset).toBeEnabled();
    await userEvent.keyboard('0');
    expect(reset).toBeDisabled();
  });

  it('shows its data as a table', async () => {
    render(<Figure name="map" title="Map" figure={MAP} />);
    await userEvent.click(screen.getByRole('button', { name: 'Show the data of the figure as a table' }));
    const table = within(screen.getByRole('region', { name: 'data of Map' }));
    expect(table.getAllByRole('row')).toHaveLength(4);
  });

  it('says that there is nothing where there is no number', () => {
    render(
      <Figure name="none" title="None" figure={figureOf([{ type: 'scatter', x: [null], y: [null] }])} />,
    );
    expect(screen.getByText('There is nothing of this to draw here.')).toBeInTheDocument();
  });
});

describe('the check', () => {
  it('lets what panels draw pass and names what is strange', () => {
    expect(unsupported(MAP)).toEqual([]);
    const strange = figureOf([{ type: 'scatter', mode: 'lines' }], {
      xaxis3: { type: 'date' },
      shapes: [{ type: 'line', xref: 'x9', yref: 'paper', x0: 0, x1: 1, y0: 0, y1: 1 }],
    });
    expect(unsupported(strange)).toEqual(['layout.xaxis.type = "date"', 'axis x9']);
  });
});
