import { createElement, type ReactNode } from 'react';

import type { Node } from './nodePen';

function element(node: Node | string, key: number): ReactNode {
  if (typeof node === 'string') return node;
  return createElement(node.tag, { ...node.attributes, key }, ...node.children.map(element));
}

/** What a NodePen drew, as React elements. */
export function SvgNodes({ nodes }: { nodes: Node[] }) {
  return <>{nodes.map(element)}</>;
}
