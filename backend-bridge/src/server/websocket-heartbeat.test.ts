import { UnavailableError } from '../domain/errors';
import type { LiveHub } from '../live/hub';
import { heartbeatFrame } from './websocket-heartbeat';

describe('heartbeat', () => {
  const watermarks: Record<string, number | null> = { a: 7, b: 5, c: null };
  const hub = {
    progressOf: (name: string) => ({ watermarkMs: watermarks[name] ?? null, finalBeforeMs: null }),
    epoch: () => 'e',
  } as unknown as LiveHub;
  const read = (frame: Buffer | null): unknown =>
    JSON.parse(frame!.subarray(frame![1]! < 126 ? 2 : 4).toString());

  test('reports the smallest watermark, null while a metric has none; builds each set once', () => {
    const frames = new Map<string, Buffer>();
    const both = heartbeatFrame(hub, new Set(['a', 'b']), 9, frames);
    expect(read(both)).toEqual({
      type: 'heartbeat',
      watermark_ms: 5,
      watermarks_ms: { a: 7, b: 5 },
      server_time_ms: 9,
      store_epoch: 'e',
    });
    expect(heartbeatFrame(hub, new Set(['b', 'a']), 9, frames)).toBe(both);
    expect(read(heartbeatFrame(hub, new Set(['a', 'c']), 9, frames))).toMatchObject({ watermark_ms: null });
    expect(read(heartbeatFrame(hub, new Set(), 9, frames))).toMatchObject({
      watermark_ms: null,
      watermarks_ms: {},
    });
  });

  test('returns null before the store has started', () => {
    const without = {
      ...hub,
      epoch: () => {
        throw new UnavailableError('store', 'not yet');
      },
    };
    expect(heartbeatFrame(without, new Set(['a']), 9, new Map())).toBeNull();
  });
});
