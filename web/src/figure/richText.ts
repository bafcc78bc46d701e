/** Plotly's little markup in labels (<br>, <b>, entities) as lines of runs: never as HTML. */

export interface Run {
  text: string;
  bold: boolean;
}

const ENTITY: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#x27': "'", '#39': "'" };

function decoded(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|#x27|#39);/g, (_, name: string) => ENTITY[name] ?? '');
}

export function lines(text: string): Run[][] {
  return text.split(/<br\s*\/?>/).map((line) => {
    const runs: Run[] = [];
    let bold = false;
    for (const part of line.split(/(<\/?b>)/)) {
      if (part === '<b>' || part === '</b>') bold = part === '<b>';
      else if (part) runs.push({ text: decoded(part), bold });
    }
    return runs;
  });
}

/** The same without marks, lines joined. */
export function plainText(text: string, joint = ' '): string {
  return lines(text)
    .map((runs) => runs.map((run) => run.text).join(''))
    .join(joint);
}
