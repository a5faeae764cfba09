import { UnavailableError } from '../domain/errors';
import { textFrame } from '../live/frame';
import type { LiveHub } from '../live/hub';

/**
 * The heartbeat frame for a set of metrics; `frames` caches those built for this beat. Null until the store has started
 * and its epoch is known.
 */
export function heartbeatFrame(
  hub: LiveHub,
  metrics: ReadonlySet<string>,
  nowMs: number,
  frames: Map<string, Buffer>,
): Buffer | null {
  const names = [...metrics].sort();
  const key = JSON.stringify(names);
  let frame = frames.get(key);
  if (frame === undefined) {
    const epoch = epochOf(hub);
    if (epoch === null) return null;
    const watermarks = names.map((name) => hub.progressOf(name).watermarkMs);
    const known = watermarks.filter((watermark) => watermark !== null);
    frame = textFrame(
      JSON.stringify({
        type: 'heartbeat',
        watermark_ms: known.length === watermarks.length && known.length > 0 ? Math.min(...known) : null,
        watermarks_ms: Object.fromEntries(names.map((name, index) => [name, watermarks[index]])),
        server_time_ms: nowMs,
        store_epoch: epoch,
      }),
    );
    frames.set(key, frame);
  }
  return frame;
}

function epochOf(hub: LiveHub): string | null {
  try {
    return hub.epoch();
  } catch (error) {
    if (error instanceof UnavailableError) return null;
    throw error;
  }
}
