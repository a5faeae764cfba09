import { ExactSums } from './exact-sums';
import { ByteReader, ByteWriter } from './packed-bytes';
import {
  packDoubles,
  packIntegers,
  packSums,
  unpackDoubles,
  unpackIntegers,
  unpackSums,
} from './packed-columns';
import {
  emptySteps,
  finiteCount,
  type FoldShape,
  type MeasureSteps,
  type Specials,
  type StepColumns,
} from './step-columns';

/**
 * A block: the steps of one series in a span of time, packed by column.
 *
 *   version u8, number of the first step (start / step), places; which places have a step, as bits, unless all have;
 *   revisions; then for each measure its length in bytes, so that others can be passed over, and
 *     counts of windows; for steps with some of their windows only, which ones; the steps with NaN or infinities;
 *     sums, least, largest and last values; for averages how many windows lack weights, and the sums and counts.
 */
const VERSION = 1;

/** The weights of an average are mostly the columns of the measures that it names: then they are not repeated. */
const OWN = 0;
const SAME = 1;

/** Packs the rows [from, to), at least one. The same steps always give the same bytes. */
export function packSteps(shape: FoldShape, steps: StepColumns, from: number, to: number): Uint8Array {
  const out = new ByteWriter();
  const first = steps.starts[from]! / shape.stepMs;
  const places = steps.starts[to - 1]! / shape.stepMs - first + 1;
  out.byte(VERSION);
  out.varint(first);
  out.varint(places);
  const rows = Array.from({ length: to - from }, (_, i) => from + i);
  if (rows.length < places) {
    out.byte(1);
    const present = new Array<number>(places).fill(0);
    for (const row of rows) present[steps.starts[row]! / shape.stepMs - first] = 1;
    out.bits(present, 0, places, 1);
  } else out.byte(0);
  packIntegers(
    out,
    rows.map((row) => steps.revisions[row]!),
  );
  steps.measures.forEach((measure, index) => {
    const part = packMeasure(shape, steps, measure!, index, rows);
    out.varint(part.length);
    out.append(part);
  });
  return out.finish();
}

function packMeasure(
  shape: FoldShape,
  steps: StepColumns,
  measure: MeasureSteps,
  index: number,
  rows: readonly number[],
): Uint8Array {
  const out = new ByteWriter();
  packIntegers(
    out,
    rows.map((row) => measure.counts[row]!),
  );
  const filled = rows.filter((row) => measure.counts[row]! > 0);
  for (const row of filled) {
    if (measure.counts[row]! < shape.windows) out.append(maskBytes(measure.masks[row]!, shape.windows));
  }
  const special = rows.flatMap((row, i) => {
    const found = measure.specials.get(row);
    return found === undefined ? [] : [{ i, found }];
  });
  out.varint(special.length);
  for (const { i, found } of special) {
    for (const number of [i, found.nan, found.plus, found.minus]) out.varint(number);
  }
  const finite = filled.filter((row) => finiteCount(measure, row) > 0);
  packSums(out, measure.sums, finite);
  packDoubles(
    out,
    finite.map((row) => measure.mins[row]!),
  );
  packDoubles(
    out,
    finite.map((row) => measure.maxs[row]!),
  );
  packDoubles(
    out,
    filled.map((row) => measure.lasts[row]!),
  );
  const { weights } = measure;
  const behind = shape.weights[index];
  if (weights === null || behind === undefined || behind === null) return out.finish();
  packIntegers(
    out,
    rows.map((row) => weights.lacking[row]!),
  );
  for (const [own, other] of [
    [weights.sums, steps.measures[behind.sum]!.sums],
    [weights.counts, steps.measures[behind.count]!.sums],
  ] as const) {
    const same = rows.every((row) => equalSums(own, other, row));
    out.byte(same ? SAME : OWN);
    if (!same) packSums(out, own, rows);
  }
  for (const [own, other] of [
    [weights.lastSums, steps.measures[behind.sum]!.lasts],
    [weights.lastCounts, steps.measures[behind.count]!.lasts],
  ] as const) {
    const same = filled.every((row) => Object.is(own[row], other[row]));
    out.byte(same ? SAME : OWN);
    if (!same) {
      packDoubles(
        out,
        filled.map((row) => own[row]!),
      );
    }
  }
  return out.finish();
}

function equalSums(a: ExactSums, b: ExactSums, row: number): boolean {
  const left = a.canonical(row);
  const right = b.canonical(row);
  return left.mantissa === right.mantissa && left.scale === right.scale;
}

function maskBytes(mask: bigint, windows: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(windows / 8));
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = Number((mask >> BigInt(i * 8)) & 0xffn);
  return bytes;
}

/** Which measures must be read to know these: the sums and counts behind averages too. */
export function neededMeasures(shape: FoldShape, measures: readonly number[]): number[] {
  const needed = new Set(measures);
  for (const index of measures) {
    const weights = shape.weights[index];
    if (weights) needed.add(weights.sum).add(weights.count);
  }
  return [...needed].sort((a, b) => a - b);
}

/** The steps of a block whose start lies in [fromMs, toMs); of the measures, those of `into`. */
export function unpackSteps(
  shape: FoldShape,
  bytes: Uint8Array,
  into: StepColumns,
  range: { readonly fromMs: number; readonly toMs: number },
  length = bytes.length,
): void {
  const input = new ByteReader(bytes, 0, length);
  const version = input.byte();
  if (version !== VERSION)
    throw new RangeError(`a block of history has the version ${version}, which is unknown`);
  const first = input.varint();
  const places = input.varint();
  const starts: number[] = [];
  const present = new Float64Array(places).fill(1);
  if (input.byte() === 1) input.bits(places, 1, 0, present, 0);
  for (let i = 0; i < places; i += 1) if (present[i] === 1) starts.push((first + i) * shape.stepMs);
  const whole = starts[0]! >= range.fromMs && starts.at(-1)! < range.toMs;
  const target = whole ? into : emptySteps(shape, indexesOf(into));
  const base = target.starts.length;
  for (const start of starts) {
    target.starts.push(start);
    target.updated.push(start + shape.stepMs);
  }
  for (const revision of unpackIntegers(input, starts.length)) target.revisions.push(revision);
  const waiting: (() => void)[] = [];
  target.measures.forEach((measure, index) => {
    const length = input.varint();
    const end = input.at + length;
    if (measure !== undefined) unpackMeasure(shape, input, target, index, base, starts.length, waiting);
    input.at = end;
  });
  for (const finish of waiting) finish();
  if (whole) return;
  copySteps(target, into, (start) => start >= range.fromMs && start < range.toMs);
}

/** How many steps a block holds. */
export function stepsIn(bytes: Uint8Array, length = bytes.length): number {
  const input = new ByteReader(bytes, 1, length);
  input.varint();
  const places = input.varint();
  if (input.byte() === 0) return places;
  const present = new Float64Array(places);
  input.bits(places, 1, 0, present, 0);
  return present.reduce((sum, one) => sum + one, 0);
}

function indexesOf(steps: StepColumns): number[] {
  return steps.measures.flatMap((measure, index) => (measure === undefined ? [] : [index]));
}

function unpackMeasure(
  shape: FoldShape,
  input: ByteReader,
  target: StepColumns,
  index: number,
  base: number,
  length: number,
  waiting: (() => void)[],
): void {
  const measure = target.measures[index]!;
  const counts = unpackIntegers(input, length);
  let filled = 0;
  for (const count of counts) {
    measure.counts.push(count);
    if (count > 0) filled += 1;
    measure.masks.push(count > 0 && count < shape.windows ? readMask(input, shape.windows) : 0n);
  }
  let finite = filled;
  for (let left = input.varint(); left > 0; left -= 1) {
    const i = input.varint();
    const special: Specials = { nan: input.varint(), plus: input.varint(), minus: input.varint() };
    measure.specials.set(base + i, special);
    if (special.nan + special.plus + special.minus === counts[i]!) finite -= 1;
  }
  if (finite === length) {
    unpackSums(input, length, measure.sums);
    for (const value of unpackDoubles(input, length)) measure.mins.push(value);
    for (const value of unpackDoubles(input, length)) measure.maxs.push(value);
  } else {
    unpackSparse(input, measure, base, length, finite);
  }
  const lasts = unpackDoubles(input, filled);
  for (let i = 0, at = 0; i < length; i += 1) measure.lasts.push(counts[i]! > 0 ? lasts[at++]! : 0);
  const { weights } = measure;
  const behind = shape.weights[index];
  if (weights === null || behind === undefined || behind === null) return;
  for (const lacking of unpackIntegers(input, length)) weights.lacking.push(lacking);
  for (const [own, other] of [
    [weights.sums, behind.sum],
    [weights.counts, behind.count],
  ] as const) {
    if (input.byte() === OWN) unpackSums(input, length, own);
    else {
      // The other measure may come later in the block.
      waiting.push(() => {
        const { sums } = target.measures[other]!;
        for (let i = 0; i < length; i += 1) own.addSum(own.push(), sums, base + i);
      });
    }
  }
  for (const [own, other] of [
    [weights.lastSums, behind.sum],
    [weights.lastCounts, behind.count],
  ] as const) {
    if (input.byte() === OWN) {
      const values = unpackDoubles(input, filled);
      for (let i = 0, at = 0; i < length; i += 1) own.push(counts[i]! > 0 ? values[at++]! : 0);
    } else {
      waiting.push(() => {
        const { lasts } = target.measures[other]!;
        for (let i = 0; i < length; i += 1) own.push(counts[i]! > 0 ? lasts[base + i]! : 0);
      });
    }
  }
}

/** Steps without a finite value have no place in these columns. */
function unpackSparse(
  input: ByteReader,
  measure: MeasureSteps,
  base: number,
  length: number,
  finite: number,
): void {
  const scratch = new ExactSums();
  unpackSums(input, finite, scratch);
  const mins = unpackDoubles(input, finite);
  const maxs = unpackDoubles(input, finite);
  for (let i = 0, at = 0; i < length; i += 1) {
    const row = measure.sums.push();
    const has = finiteCount(measure, base + i) > 0;
    if (has) measure.sums.addSum(row, scratch, at);
    measure.mins.push(has ? mins[at]! : 0);
    measure.maxs.push(has ? maxs[at]! : 0);
    if (has) at += 1;
  }
}

function readMask(input: ByteReader, windows: number): bigint {
  let mask = 0n;
  for (let i = 0; i < Math.ceil(windows / 8); i += 1) mask |= BigInt(input.byte()) << BigInt(i * 8);
  return mask;
}

/** Adds the wanted rows of one set of steps to another with the same measures. */
export function copySteps(
  from: StepColumns,
  into: StepColumns,
  isWanted: (startMs: number) => boolean,
): void {
  for (let row = 0; row < from.starts.length; row += 1) {
    if (!isWanted(from.starts[row]!)) continue;
    const target = into.starts.length;
    into.starts.push(from.starts[row]!);
    into.revisions.push(from.revisions[row]!);
    into.updated.push(from.updated[row]!);
    into.measures.forEach((measure, index) => {
      const other = from.measures[index];
      if (measure === undefined || other === undefined) return;
      measure.counts.push(other.counts[row]!);
      measure.masks.push(other.masks[row]!);
      measure.sums.addSum(measure.sums.push(), other.sums, row);
      measure.mins.push(other.mins[row]!);
      measure.maxs.push(other.maxs[row]!);
      measure.lasts.push(other.lasts[row]!);
      const special = other.specials.get(row);
      if (special !== undefined) measure.specials.set(target, special);
      const { weights } = measure;
      if (weights === null) return;
      weights.sums.addSum(weights.sums.push(), other.weights!.sums, row);
      weights.counts.addSum(weights.counts.push(), other.weights!.counts, row);
      weights.lacking.push(other.weights!.lacking[row]!);
      weights.lastSums.push(other.weights!.lastSums[row]!);
      weights.lastCounts.push(other.weights!.lastCounts[row]!);
    });
  }
}
