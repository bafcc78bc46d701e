import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';

import { panelElements } from './panelHtml';
import { compareCells } from './PanelTable';
import { styleOf } from './panelStyle';

class Silent {
  observe() {
    /* nothing comes near */
  }
  disconnect() {
    /* nothing is watched */
  }
}
beforeEach(() => {
  vi.stubGlobal('IntersectionObserver', Silent);
  vi.stubGlobal('ResizeObserver', Silent);
});

const place = {
  title: 'A panel',
  figures: { 'fig-one': { data: [], layout: {} }, broken: { data: 'no' } },
  planetAddress: (id: string) => `/folder/demo/planet/${encodeURIComponent(id)}`,
  onPlanet: () => undefined,
};
const shown = (html: string) => render(<section>{panelElements(html, place)}</section>).container;

describe('hostile HTML', () => {
  it.each([
    '<script>window.hit = 1</script>',
    '<img src=x onerror="window.hit = 1">',
    '<p onclick="window.hit = 1" style="background:url(javascript:hit)">text</p>',
    '<svg><script>window.hit = 1</script></svg>',
    '<iframe srcdoc="<script>parent.hit = 1</script>"></iframe>',
    '<a href="javascript:window.hit=1">text</a>',
    '<a href="https://elsewhere.example/">text</a>',
    '<a href="//elsewhere.example">text</a>',
    '<math><mtext><table><mglyph><style><img src=x onerror=hit></style></mglyph></table></mtext></math>',
    '<form action="/api"><input name=a><button type=submit formaction="javascript:hit">text</button></form>',
    '<style>body { display: none }</style><link rel=stylesheet href=x><base href="//elsewhere.example">',
    '<template><img src=x onerror="window.hit = 1"></template>',
  ])('leaves nothing of %s but its text', (html) => {
    const found = shown(html);
    expect(
      found.querySelector('script, img, iframe, svg, math, style, link, form, input, base, template, object'),
    ).toBeNull();
    for (const element of found.querySelectorAll('*')) {
      for (const { name } of element.attributes) expect(['class', 'id', 'type']).toContain(name);
      expect(element.getAttribute('class') ?? '').toBe('');
    }
    expect(found.innerHTML).not.toMatch(/javascript:|elsewhere|onerror|onclick|hit/);
    expect(window).not.toHaveProperty('hit');
  });

  it('shows escaped markup as the text it is', () => {
    expect(shown('<p>&lt;img src=x onerror=alert(1)&gt;</p>').querySelector('p')).toHaveTextContent(
      '<img src=x onerror=alert(1)>',
    );
  });

  it('keeps the text of elements it does not know', () => {
    expect(shown('<p>a <blink>b</blink> c</p>')).toHaveTextContent('a b c');
  });
});

describe('what a panel says', () => {
  it('keeps tables, places on whiskers and known classes under a name of their own', () => {
    const found = shown(
      '<div class="whiskers evil"><i class="ci" style="left:10.50%;width:3%;position:fixed"></i></div>',
    );
    expect(found.querySelector('div')).toHaveClass('report-whiskers', { exact: true });
    expect(found.querySelector('i')).toHaveStyle({ left: '10.50%', width: '3%' });
    expect(found.querySelector('i')!.style.position).toBe('');
  });

  it('leads to planets by the router and to anchors', () => {
    shown(
      '<a href="#planet=a%2Fb">one</a><button type="button" class="pick" data-planet="17">two</button><a href="#scores">three</a>',
    );
    expect(screen.getByRole('link', { name: 'one' })).toHaveAttribute('href', '/folder/demo/planet/a%2Fb');
    expect(screen.getByRole('link', { name: 'two' })).toHaveAttribute('href', '/folder/demo/planet/17');
    expect(screen.getByRole('link', { name: 'three' })).toHaveAttribute('href', '#scores');
  });

  it('puts figures in their places, and none that is not one', () => {
    const found = shown(
      '<figure id="fig-one" class="plot"></figure><figure id="broken"></figure><figure id="toString"></figure>',
    );
    expect(Array.from(found.querySelectorAll('figure'), (one) => one.id)).toEqual(['fig-one']);
  });

  it('sorts a table by the head that is clicked, unknown values last', async () => {
    const rows = ['−2', '1,000', '–', '5'].map((text) => `<tr><td class="n">${text}</td></tr>`).join('');
    const found = shown(
      `<div class="scroll" tabindex="0"><table><thead><tr><th class="n">x</th></tr></thead><tbody>${rows}</tbody></table></div>`,
    );
    const column = () => Array.from(found.querySelectorAll('td'), (one) => one.textContent);
    await userEvent.click(screen.getByRole('button', { name: 'x' }));
    expect(column()).toEqual(['−2', '5', '1,000', '–']);
    await userEvent.click(screen.getByRole('button', { name: /^x/ }));
    expect(column()).toEqual(['1,000', '5', '−2', '–']);
    expect(found.querySelector('th')).toHaveAttribute('aria-sort', 'descending');
  });
});

it('takes styles by a list of harmless ones', () => {
  expect(styleOf('left:5%;color:#ff0000;background:url(x)')).toEqual({ left: '5%', color: '#ff0000' });
  expect(styleOf('constructor:5%;position:fixed;width:calc(1px)')).toBeUndefined();
});

it('compares numbers as tables write them', () => {
  expect(compareCells('9', '10', false)).toBeLessThan(0);
  expect(compareCells('50%', '−5%', false)).toBeGreaterThan(0);
  expect(compareCells('b', 'a', true)).toBeLessThan(0);
});
