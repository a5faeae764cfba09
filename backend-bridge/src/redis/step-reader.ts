import { RequestError } from '../domain/errors';
import { unpackSteps } from '../domain/history/packed-steps';
import { blockRange, roomForSteps } from '../domain/history/step-blocks';
import { emptySteps, foldShape, type StepColumns } from '../domain/history/step-columns';
import { compareValues } from '../domain/series';
import type { SeriesSteps, StepsRequest } from '../domain/store';
import type { MetricEntry } from './point-reader';
import type { Command, Pipeline } from './redis-link';

/** Series per command and blocks per round trip: bounds how long Redis is blocked. */
const SERIES_AT_ONCE = 256;
const BLOCKS_AT_ONCE = 1_024;

/** One command: some series of one block. */
interface Ask {
  readonly block: number;
  readonly seriesIds: readonly number[];
}

/** Reads up to where windows are sealed. */
export function boundaryOf({ keys }: MetricEntry): Command {
  return ['HMGET', keys.meta, 'sealed_before'];
}

/**
 * Sealed steps of the requested series in label order (HistoryStore.readSteps).
 * @param sealedBeforeMs the boundary, read earlier: steps before it are immutable
 * @param blocks numbers of the tier's blocks at that time, ascending
 * @returns null: the boundary has moved since
 */
export async function readSteps(
  pipeline: Pipeline,
  entry: MetricEntry,
  sealedBeforeMs: number,
  blocks: readonly number[],
  request: StepsRequest,
): Promise<readonly SeriesSteps[] | null> {
  const { fromMs, stepMs } = request;
  const toMs = Math.min(request.toMs, sealedBeforeMs);
  const shape = foldShape(entry.metric, stepMs);
  const rows = roomForSteps(entry.metric, stepMs, request, sealedBeforeMs);
  const columns = new Map<number, StepColumns>();
  const [first, end] = blockRange(stepMs, fromMs, toMs);
  const wanted = blocks.filter((block) => block >= first && block < end);
  const ids = request.seriesIds ?? (await entry.index.list()).map(({ id }) => id);
  let found = 0;
  let isFirst = true;
  for (const asks of inRoundTrips(wanted, ids)) {
    request.signal?.throwIfAborted();
    const commands = [boundaryOf(entry), ...blockCommands(entry, shape.windows, asks)];
    const [[boundary], ...replies] = (await pipeline(commands)) as [
      (Buffer | null)[],
      ...(Buffer | null)[][],
    ];
    if (isFirst && Number(boundary) !== sealedBeforeMs) return null;
    isFirst = false;
    asks.forEach(({ seriesIds }, i) => {
      replies[i]!.forEach((bytes, at) => {
        if (bytes === null) return;
        const seriesId = seriesIds[at]!;
        let steps = columns.get(seriesId);
        if (steps === undefined) {
          steps = emptySteps(shape, request.needs, rows);
          columns.set(seriesId, steps);
        }
        const before = steps.length;
        unpackSteps(shape, bytes, steps, { fromMs, toMs });
        found += steps.length - before;
        if (found > request.maxPoints) throw tooLarge(request.maxPoints);
      });
    });
  }
  return inLabelOrder(entry, columns);
}

/** Reads the packed blocks of each ask's series; null: no steps. */
export function blockCommands({ keys }: MetricEntry, windows: number, asks: readonly Ask[]): Command[] {
  return asks.map(({ block, seriesIds }) => ['HMGET', keys.block(windows, block), ...seriesIds]);
}

/** Blocks of each series in time order; the last round trip may have none. */
function* inRoundTrips(blocks: readonly number[], ids: readonly number[]): Generator<Ask[]> {
  let asks: Ask[] = [];
  let asked = 0;
  for (let from = 0; from < ids.length; from += SERIES_AT_ONCE) {
    const seriesIds = ids.slice(from, from + SERIES_AT_ONCE);
    for (const block of blocks) {
      asks.push({ block, seriesIds });
      asked += seriesIds.length;
      if (asked < BLOCKS_AT_ONCE) continue;
      yield asks;
      asks = [];
      asked = 0;
    }
  }
  yield asks;
}

async function inLabelOrder(
  { index }: MetricEntry,
  columns: ReadonlyMap<number, StepColumns>,
): Promise<readonly SeriesSteps[]> {
  await index.upToDate();
  const series: SeriesSteps[] = [];
  for (const [seriesId, steps] of columns) {
    const values = index.valuesOf(seriesId);
    if (values !== undefined && steps.length > 0) series.push({ seriesId, values, steps });
  }
  return series.sort((a, b) => compareValues(a.values, b.values));
}

function tooLarge(maxPoints: number): RequestError {
  return new RequestError(
    'range_too_large',
    `The range holds more than ${maxPoints} steps; request a shorter range, fewer series or a stronger filter`,
    { max_points: maxPoints },
  );
}
