import { memo, useMemo } from 'react';

import { drawOver, drawUnder } from './chrome';
import { drawColourBars } from './colourBar';
import { drawTexts } from './marks/texts';
import { NodePen } from './nodePen';
import type { Plan } from './plan';
import { SvgNodes } from './SvgNodes';

interface Props {
  plan: Plan;
  name: string;
  layer: 'under' | 'over';
}

/** Grid and shapes below the marks; axes and texts above them. */
export const ChromeLayer = memo(function ChromeLayer({ plan, name, layer }: Props) {
  const nodes = useMemo(() => {
    const pen = new NodePen(`${name}-${layer}`);
    if (layer === 'under') drawUnder(pen, plan);
    else {
      drawTexts(pen, plan);
      drawOver(pen, plan);
      drawColourBars(pen, plan);
    }
    return pen.nodes;
  }, [plan, name, layer]);
  return (
    <svg aria-hidden className="absolute left-0 top-0" width={plan.width} height={plan.height}>
      <SvgNodes nodes={nodes} />
    </svg>
  );
});
