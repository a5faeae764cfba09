import { setImmediate as turn } from 'node:timers/promises';
import { stepsIn } from '../domain/history/packed-steps';
import {
  blockExpiresMs,
  blockParts,
  mergedBlock,
  sealAtOnceMs,
  sealedTiers,
  type BlockPart,
  type SealedTier,
} from '../domain/history/step-blocks';
import { sealTargetMs, sealUnitMs } from '../domain/history/tiers';
import { bucketOf } from '../domain/packed-point';
import type { PointColumns, SeriesPoints } from '../domain/point';
import type { Progress } from '../domain/progress';
import type { Clock } from '../domain/telemetry';
import type { ClockGuard } from '../domain/trusted-clock';
import { alignExpiry } from './expiry-alignment';
import { historyText, parseTiers } from './history-state';
import { readPoints, seriesInBuckets, type MetricEntry } from './point-reader';
import type { RedisLink } from './redis-link';
import { blockCommands } from './step-reader';
import type { StoreEpoch } from './store-epoch';

/** Buckets that are read, packed and sealed at a time. */
const BUCKETS_AT_ONCE = 256;
/** Packing yields after this time. */
const TURN_MS = 8;

export interface SealerDependencies {
  readonly clock: Clock;
  readonly guard: ClockGuard;
  progress(): Promise<Progress>;
}

/** The windows being sealed, as returned by Redis; strings, compared as they are. */
interface Round {
  readonly epoch: string;
  readonly before: string;
  readonly to: string;
  /** The last sealed series. */
  readonly done: string;
}

/** The windows of one series, and those of them that belong to one block. */
interface NewWindows {
  readonly seriesId: number;
  readonly points: PointColumns;
  readonly part: BlockPart;
}

/**
 * Seals immutable windows into the steps of each tier. Redis selects them (history.lua) and accepts no records for them
 * from then on, so every bridge packs the same bytes. Works some series at a time; Redis accepts them unless another
 * bridge was faster. When all series are done the boundary moves.
 */
export class StepSealer {
  private readonly tiers: readonly SealedTier[];
  private readonly text: string;
  /** Series of the current round; they no longer change. */
  private series: { readonly round: string; readonly ids: readonly number[] } | null = null;

  constructor(
    private readonly link: RedisLink,
    private readonly storeEpoch: StoreEpoch,
    private readonly entry: MetricEntry,
    private readonly dependencies: SealerDependencies,
  ) {
    this.tiers = sealedTiers(entry.metric);
    this.text = historyText(entry.metric);
  }

  /** Seals some series. Returns whether there is more to do now; false also when another bridge is doing it. */
  async step(): Promise<boolean> {
    const { clock, guard } = this.dependencies;
    if (!guard.certain()) return false;
    const nowMs = clock();
    const round = await this.begin(nowMs);
    if (round === null || round.before === round.to) return false;
    const reply = await this.seal(round, nowMs);
    if (reply === 'all') await alignExpiry(this.link, this.entry, round.epoch, () => true);
    return reply !== 'moved';
  }

  private async begin(nowMs: number): Promise<Round | null> {
    const { metric, layout, keys } = this.entry;
    const epoch = this.storeEpoch.current;
    const targetMs = sealTargetMs(metric, await this.dependencies.progress(), nowMs);
    const [kind, before, to, done] = (await this.link.call(
      'seal_turn',
      keys.step,
      epoch,
      this.text,
      nowMs,
      targetMs ?? '',
      layout.spanMs,
      sealUnitMs(metric),
      sealAtOnceMs(metric),
    )) as string[];
    if (kind === 'store_lost') await this.storeEpoch.enter();
    return kind === 'turn' ? { epoch, before: before!, to: to!, done: done! } : null;
  }

  private async seal(round: Round, nowMs: number): Promise<'some' | 'all' | 'moved'> {
    const { layout, keys } = this.entry;
    const [fromMs, toMs] = [Number(round.before), Number(round.to)];
    const left = (await this.seriesOf(round)).filter((id) => id > Number(round.done));
    const buckets = bucketOf(layout, toMs - 1) - bucketOf(layout, fromMs) + 1;
    const ids = left.slice(0, Math.max(1, Math.floor(BUCKETS_AT_ONCE / buckets)));
    const windows =
      ids.length === 0
        ? []
        : await readPoints(this.link, this.entry, {
            fromMs,
            toMs,
            seriesIds: ids,
            nowMs: 0,
            maxPoints: Infinity,
          });
    const stored = parseTiers(await this.link.hgetallBuffer(keys.tiers));
    const blocks: (string | number | Buffer)[] = [];
    for (const tier of this.tiers) {
      const sinceMs = stored.get(tier.windows)?.sinceMs;
      if (sinceMs !== undefined) blocks.push(...(await this.pack(tier, windows, fromMs, sinceMs, nowMs)));
    }
    const all = ids.length === left.length;
    const next = all ? '' : ids.at(-1)!;
    const { epoch, before, to, done } = round;
    const [kind] = (await this.link.call(
      'seal',
      keys.step,
      epoch,
      this.text,
      before,
      to,
      done,
      next,
      ...blocks,
    )) as [string];
    if (kind !== 'sealed') return 'moved';
    return all ? 'all' : 'some';
  }

  private async seriesOf({ epoch, before, to }: Round): Promise<readonly number[]> {
    const { layout } = this.entry;
    const round = `${epoch} ${before} ${to}`;
    if (this.series?.round !== round) {
      const [low, high] = [bucketOf(layout, Number(before)), bucketOf(layout, Number(to) - 1)];
      this.series = { round, ids: await seriesInBuckets(this.link, this.entry, low, high) };
    }
    return this.series.ids;
  }

  /** Arguments of `seal` for the blocks of one tier. */
  private async pack(
    tier: SealedTier,
    windows: readonly SeriesPoints[],
    sealedBeforeMs: number,
    sinceMs: number,
    nowMs: number,
  ): Promise<(string | number | Buffer)[]> {
    const { shape } = tier;
    const byBlock = new Map<number, NewWindows[]>();
    let ends = performance.now() + TURN_MS;
    const pause = async (): Promise<void> => {
      if (performance.now() < ends) return;
      await turn();
      ends = performance.now() + TURN_MS;
    };
    for (const { seriesId, points } of windows) {
      for (const part of blockParts(shape, points, sinceMs)) {
        if (blockExpiresMs(tier, part.block) <= nowMs) continue;
        const list = byBlock.get(part.block) ?? [];
        byBlock.set(part.block, list);
        list.push({ seriesId, points, part });
      }
    }
    const asks = [...byBlock].map(([block, list]) => ({
      block,
      seriesIds: list.map(({ seriesId }) => seriesId),
    }));
    const commands = blockCommands(this.entry, tier.windows, asks);
    const stored = (await this.link.pipeline(commands)) as (Buffer | null)[][];
    const blocks: (string | number | Buffer)[] = [];
    for (const [i, [block, list]] of [...byBlock].entries()) {
      const values: (number | Buffer)[] = [];
      let [steps, bytes] = [0, 0];
      for (const [at, { seriesId, points, part }] of list.entries()) {
        const before = stored[i]![at] ?? undefined;
        const packed = mergedBlock(shape, points, part, before, sealedBeforeMs);
        if (packed === undefined) continue;
        steps += stepsIn(packed) - (before === undefined ? 0 : stepsIn(before));
        bytes += packed.length - (before?.length ?? 0);
        values.push(seriesId, Buffer.from(packed.buffer, packed.byteOffset, packed.length));
        await pause();
      }
      if (values.length > 0) blocks.push(tier.windows, block, steps, bytes, values.length / 2, ...values);
    }
    return blocks;
  }
}
