import { setImmediate } from 'node:timers/promises';
import { hasHistory } from '../domain/history/tiers';
import { pointFlags, PointColumns } from '../domain/point';
import type { Metric } from '../domain/metric';
import type { FilledSeries } from '../domain/store';
import { burstsAt, BURST_BLOCK_MS, rateAt, userShares, type TrafficOptions } from './demo-traffic';
import { bindOutputs, type BoundOutput } from './metric-outputs';
import { RandomNumbers } from './random-numbers';
import type { PipelineRules } from './rules';
import { EVERYONE, type AggregationName } from './topology';
import type { Accumulator } from './windows';

/**
 * Weeks of demo traffic as the windows that it would have made, drawn minute by minute instead of event by event: a
 * pure function of the seed and the time span, a hundred times faster.
 */

const MINUTE_MS = 60_000;
/** Some milliseconds of work; then live traffic has its turn. */
const PAUSE_EVERY_MS = 360 * MINUTE_MS;
/** Beside the streams of demo-traffic.ts. */
const STREAM_MINUTES = 4;

/** The users of one segment together. */
interface Segment {
  readonly key: string;
  /** Of the events, and of the purchases among all events. */
  readonly events: number;
  readonly purchases: number;
  readonly withAmount: number;
  readonly amountMean: number;
  readonly amountDeviation: number;
}

export interface FilledMetric {
  readonly metric: Metric;
  readonly series: readonly FilledSeries[];
}

/** The windows in [fromMs, toMs), whole minutes, of those metrics that have a history and are fed by the pipeline. */
export async function demoHistory(
  metrics: readonly Metric[],
  rules: PipelineRules,
  traffic: TrafficOptions,
  fromMs: number,
  toMs: number,
): Promise<FilledMetric[]> {
  const outputs = bindOutputs(metrics, rules).filter(({ metric }) => hasHistory(metric));
  const writer = new HistoryWriter(outputs);
  const minutes = new TrafficMinutes(traffic, rules);
  for (let startMs = fromMs; startMs < toMs; startMs += MINUTE_MS) {
    if (startMs % PAUSE_EVERY_MS === 0) await setImmediate();
    minutes.draw(startMs, writer);
  }
  return writer.finish();
}

/** Draws what comes in a minute. */
class TrafficMinutes {
  private readonly segments: readonly Segment[];
  private readonly segmentOfUser: readonly (string | null)[];
  private readonly active: ActiveUsers;
  private block: { readonly startMs: number; readonly extra: Map<number, Map<string, number>> } | null = null;

  constructor(
    private readonly traffic: TrafficOptions,
    rules: PipelineRules,
  ) {
    const shares = userShares(traffic);
    this.segmentOfUser = shares.map(({ segment }) => segment ?? rules.unknownSegment);
    const keys = [...new Set(this.segmentOfUser)].filter((key) => key !== null).sort();
    this.segments = keys.map((key) => {
      const own = shares.filter((_, i) => this.segmentOfUser[i] === key);
      const total = (weigh: (share: (typeof own)[number]) => number): number =>
        own.reduce((sum, share) => sum + weigh(share), 0);
      const purchases = total(({ events, buys }) => events * buys);
      const mean = total(({ events, buys, amountMean }) => events * buys * amountMean) / purchases;
      const square = total(
        ({ events, buys, amountMean, amountDeviation }) =>
          events * buys * (amountMean ** 2 + amountDeviation ** 2),
      );
      return {
        key,
        events: total(({ events }) => events),
        purchases,
        withAmount: own[0]!.withAmount,
        amountMean: mean,
        amountDeviation: Math.sqrt(square / purchases - mean ** 2),
      };
    });
    this.active = new ActiveUsers(shares.map(({ events }) => events));
  }

  draw(startMs: number, writer: HistoryWriter): void {
    const random = new RandomNumbers(this.traffic.seed, STREAM_MINUTES, startMs / MINUTE_MS);
    const events = rateAt(this.traffic, startMs) * 60;
    const extra = this.burstsIn(startMs);
    for (const segment of this.segments) {
      const count = poisson(random, events * segment.events) + (extra?.get(segment.key) ?? 0);
      writer.add('events', segment.key, startMs, { ...NOTHING, count });
      const purchases = poisson(random, events * segment.purchases);
      let amountCount = 0;
      for (let i = 0; i < purchases; i += 1) if (random.chance(segment.withAmount)) amountCount += 1;
      writer.add('revenue', segment.key, startMs, {
        ...NOTHING,
        count: purchases,
        amountCount,
        sum: amounts(random, amountCount, segment),
      });
    }
    writer.add('activeUsers', EVERYONE, startMs, { ...NOTHING, count: this.active.draw(random, events) });
  }

  /** Events of bursts in a minute, by segment. */
  private burstsIn(startMs: number): ReadonlyMap<string, number> | undefined {
    const blockMs = startMs - (startMs % BURST_BLOCK_MS);
    if (this.block?.startMs !== blockMs) {
      const extra = new Map<number, Map<string, number>>();
      for (const { user, fromMs, lastsMs, count } of burstsAt(this.traffic, blockMs)) {
        const key = this.segmentOfUser[user];
        if (key === null || key === undefined) continue;
        for (let i = 0; i < count; i += 1) {
          const arrivalMs = fromMs + Math.floor((i * lastsMs) / count);
          const minute = arrivalMs - (arrivalMs % MINUTE_MS);
          const own = extra.get(minute) ?? new Map<string, number>();
          own.set(key, (own.get(key) ?? 0) + 1);
          extra.set(minute, own);
        }
      }
      this.block = { startMs: blockMs, extra };
    }
    return this.block.extra.get(startMs);
  }
}

const NOTHING: Accumulator = { count: 0, amountCount: 0, sum: 0, newestMs: 0 };

/** How many different users come, by how many events there are. */
class ActiveUsers {
  /** Mean and deviation for multiples of STEP events. */
  private readonly known: (readonly [mean: number, deviation: number])[] = [];
  private static readonly STEP = 10;

  constructor(private readonly shares: readonly number[]) {}

  draw(random: RandomNumbers, events: number): number {
    const at = events / ActiveUsers.STEP;
    const below = this.of(Math.floor(at));
    const above = this.of(Math.floor(at) + 1);
    const [mean, deviation] = below.map((value, i) => value + (above[i]! - value) * (at % 1)) as [
      number,
      number,
    ];
    return Math.max(0, Math.round(mean + deviation * random.normal()));
  }

  private of(step: number): readonly [number, number] {
    let known = this.known[step];
    if (known === undefined) {
      const comes = this.shares.map((share) => 1 - Math.exp(-share * step * ActiveUsers.STEP));
      const variance = comes.reduce((sum, p) => sum + p * (1 - p), 0);
      this.known[step] = known = [comes.reduce((sum, p) => sum + p, 0), Math.sqrt(variance)];
    }
    return known;
  }
}

function poisson(random: RandomNumbers, mean: number): number {
  if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * random.normal()));
  let count = 0;
  let probability = Math.exp(-mean);
  for (let left = random.next() - probability; left > 0 && count < 200; left -= probability) {
    count += 1;
    probability *= mean / count;
  }
  return count;
}

/** The sum of `count` amounts, in cents. */
function amounts(random: RandomNumbers, count: number, { amountMean, amountDeviation }: Segment): number {
  if (count === 0) return 0;
  const sum = count * amountMean + Math.sqrt(count) * amountDeviation * random.normal();
  return Math.round(Math.max(count * amountMean * 0.25, sum) * 100) / 100;
}

/** Collects the windows of each series. */
class HistoryWriter {
  private readonly byOutput = new Map<BoundOutput, Map<string, PointColumns>>();

  constructor(private readonly outputs: readonly BoundOutput[]) {
    for (const output of outputs) this.byOutput.set(output, new Map());
  }

  /** A window exists once something came. */
  add(aggregation: AggregationName, key: string, startMs: number, accumulator: Accumulator): void {
    if (accumulator.count === 0) return;
    for (const output of this.outputs) {
      if (output.aggregation !== aggregation || !output.shows(accumulator)) continue;
      const series = this.byOutput.get(output)!;
      let windows = series.get(key);
      if (windows === undefined) {
        windows = new PointColumns(output.metric.measures.length, 4_096);
        series.set(key, windows);
      }
      const measures = output.measures(accumulator);
      const endMs = startMs + output.metric.window.sizeMs;
      const row = windows.add(startMs, endMs, 1, pointFlags(measures, false), endMs, endMs);
      measures.forEach((value, index) => (windows.measures[index]![row] = value ?? 0));
    }
  }

  finish(): FilledMetric[] {
    return [...this.byOutput].map(([output, series]) => ({
      metric: output.metric,
      series: [...series].map(([key, windows]) => ({ values: output.values(key), windows })),
    }));
  }
}
