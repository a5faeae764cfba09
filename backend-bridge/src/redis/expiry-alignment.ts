import { setTimeout as delay } from 'node:timers/promises';
import { hasHistory, lifetimeMs } from '../domain/history/tiers';
import type { Metric } from '../domain/metric';
import { metricShape } from '../domain/metric-shape';
import { afterBucketMs } from '../domain/packed-point';
import type { Log } from '../domain/telemetry';
import { historyText } from './history-state';
import type { MetricEntry } from './point-reader';
import type { RedisLink } from './redis-link';

const ALIGN_MS = 10_000;
/**
 * Rounds in which buckets are checked series by series. Needed for irregular windows and for windows that must be kept
 * until sealed, only in the half hour in which bridges with another retention or an older release are replaced.
 */
const WHOLE_ROUNDS = [0, 6, 30, 180];

/** Keeps the expiry of stored buckets in line with the metrics' retention, until the signal aborts. */
export async function keepAligned(
  link: RedisLink,
  entries: () => readonly MetricEntry[],
  epoch: () => string,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  /** By definition: one that was changed begins again. */
  const rounds = new WeakMap<Metric, number>();
  while (!signal.aborted) {
    try {
      for (const entry of entries()) {
        const round = rounds.get(entry.metric) ?? 0;
        rounds.set(entry.metric, round + 1);
        const whole = WHOLE_ROUNDS.includes(round);
        if (entry.layout.irregular && !whole) continue;
        await alignExpiry(link, entry, epoch(), () => !signal.aborted, whole && hasHistory(entry.metric));
      }
    } catch (error) {
      log.debug({ err: error }, 'expiry alignment failed; retrying later');
    }
    await delay(ALIGN_MS, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

/**
 * Sets the expiry of every stored bucket of a metric by its retention; windows of a metric with history are kept until
 * sealed. Does nothing while the stored definition is that of a bridge started later, which decides. `each`: checks
 * every series of a bucket, because bridges without the history may write to it too.
 */
export async function alignExpiry(
  link: RedisLink,
  { metric, layout, keys }: MetricEntry,
  epoch: string,
  goOn: () => boolean,
  each = false,
): Promise<void> {
  const afterEndMs = afterBucketMs(layout);
  const shape = metricShape(metric);
  let [bucket, done] = ['0', '0'];
  while (goOn()) {
    const [kind, nextBucket = '', nextDone = ''] = (await link.call(
      'align_expiry',
      keys.step,
      epoch,
      shape,
      bucket,
      done,
      layout.spanMs,
      afterEndMs + lifetimeMs(metric),
      layout.endAt,
      historyText(metric),
      afterEndMs + metric.retentionMs,
      each ? '1' : '0',
    )) as string[];
    if (kind !== 'more') return;
    [bucket, done] = [nextBucket, nextDone];
  }
}
