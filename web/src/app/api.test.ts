import { afterEach, expect, it, vi } from 'vitest';
import { at, get, query } from './api';

afterEach(() => vi.unstubAllGlobals());

function answers(status: number, body: string) {
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(body, { status })));
}

it('escapes names in addresses and repeats lists', () => {
  expect(at.folder('a b/c').url).toBe('/api/folders/a%20b%2Fc');
  expect(query({ run: ['a:1', 'b:2'], page: 1, search: '' })).toBe('?run=a%3A1&run=b%3A2&page=1');
});

it('says what the server says', async () => {
  answers(404, '{"detail": "no folder x: name one of demo"}');
  await expect(get(at.folder('x'))).rejects.toMatchObject({
    status: 404,
    message: 'no folder x: name one of demo',
  });
});

it('says how to get in', async () => {
  answers(401, '{"detail": "no"}');
  await expect(get(at.folders())).rejects.toThrow(
    /open the address that `spectramind serve` printed/,
  );
});

it('says what to look at when the answer is no JSON', async () => {
  answers(500, 'oops');
  await expect(get(at.folders())).rejects.toThrow('The server answered 500');
  answers(200, '<html>');
  await expect(get(at.folders())).rejects.toThrow('The server answered 200');
});

it('says when nobody answers', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('failed')));
  await expect(get(at.folders())).rejects.toThrow(/still running/);
});
