import { expect, it } from 'vitest';
import { commandLine } from './Head';

it('quotes what a shell would take apart', () => {
  expect(commandLine('train', ['a=1', 'b=[1, 2]', "c=it's"])).toBe(
    "spectramind train a=1 'b=[1, 2]' 'c=it'\\''s'",
  );
});
