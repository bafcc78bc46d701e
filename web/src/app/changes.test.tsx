import { act, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ChangesProvider, useChanges, useVersion } from './changes';

class Stream {
  static opened: Stream[] = [];
  onmessage: ((event: { data: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  close = vi.fn();
  constructor() {
    Stream.opened.push(this);
  }
}

function Probe() {
  const { how, running } = useChanges();
  return <p>{`${how} ${running.length} v${useVersion('demo')}`}</p>;
}

beforeEach(() => {
  Stream.opened = [];
  vi.useFakeTimers();
  vi.stubGlobal('EventSource', Stream);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('takes what is pushed; asks, and tries again, when the stream ends', async () => {
  vi.stubGlobal('fetch', (url: string) =>
    Promise.resolve(
      Response.json(url.startsWith('/api/runs') ? { rows: [] } : [{ name: 'demo', commands: 8 }]),
    ),
  );
  render(
    <ChangesProvider>
      <Probe />
    </ChangesProvider>,
  );
  act(() => Stream.opened[0]?.onmessage?.({ data: '{"running": [], "events": {"demo": 7}}' }));
  expect(screen.getByText(/^pushed 0 v7/)).toBeInTheDocument();
  await act(async () => {
    Stream.opened[0]?.onerror?.();
    await vi.advanceTimersByTimeAsync(10);
  });
  expect(screen.getByText(/^asked 0 v8/)).toBeInTheDocument();
  await act(() => vi.advanceTimersByTimeAsync(5000));
  expect(Stream.opened).toHaveLength(2);
});

it('says when the server is gone, and keeps what it knew', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('gone')));
  render(
    <ChangesProvider>
      <Probe />
    </ChangesProvider>,
  );
  act(() => Stream.opened[0]?.onmessage?.({ data: '{"running": [], "events": {"demo": 7}}' }));
  await act(async () => {
    Stream.opened[0]?.onerror?.();
    await vi.advanceTimersByTimeAsync(10);
  });
  expect(screen.getByText(/^lost 0 v7/)).toBeInTheDocument();
});
