import type { Weights } from '../combination-rules';
import type { Span } from '../read-span';
import { ExactSums } from './exact-sums';
import { ByteReader, ByteWriter } from './packed-bytes';
import {
  packIntegers,
  packSums,
  skipIntegers,
  skipSums,
  unpackIntegers,
  unpackMantissas,
  unpackSums,
} from './packed-columns';
import { packDoubles, skipDoubles, unpackDoubles, type Averages } from './packed-doubles';
import type { FoldShape, MeasureSteps, Specials, StepColumns } from './step-columns';

/**
 * A block: the steps of one series in a span of time, packed by column.
 *
 *   version u8, number of the first step (start / step), places; which places have a step, as bits, unless all have;
 *   revisions; then for each measure its length in bytes, so that others can be passed over, and
 *     whether it has sums u8, the measures with the weights of its average (each number + 1; 0: none);
 *     counts of windows; for steps with some of their windows only, which ones; the steps with NaN or infinities;
 *     sums (none of averages), least, largest and last values, which may be distances from the sums' averages; for
 *     averages with weights how many windows lack these, and the sums and counts.
 */
const VERSION = 4;
/**
 * Version 3 has neither distances from averages nor doubles beside decimals. Version 2 does not say what it has of a
 * measure: it is what the mapping asks for. Version 1 has sums of averages too.
 */
const VERSION_3 = 3;
const VERSION_1 = 1;

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

/** What a block has of a measure: its mapping may have another `combine`, `sum_from` or `count_from` by now. */
interface Kept {
  readonly sums: boolean;
  readonly weights: Weights | null;
}

function packKept(out: ByteWriter, { sums, weights }: Kept): void {
  out.byte(sums ? 1 : 0);
  out.varint(weights === null ? 0 : weights.sum + 1);
  if (weights !== null) out.varint(weights.count + 1);
}

function unpackKept(input: ByteReader): Kept {
  const sums = input.byte() === 1;
  const sum = input.varint();
  return { sums, weights: sum === 0 ? null : { sum: sum - 1, count: input.varint() - 1 } };
}

function packMeasure(
  shape: FoldShape,
  steps: StepColumns,
  measure: MeasureSteps,
  index: number,
  rows: readonly number[],
): Uint8Array {
  const out = new ByteWriter();
  packKept(out, { sums: shape.sums[index]!, weights: shape.weights[index] ?? null });
  packIntegers(
    out,
    rows.map((row) => measure.counts[row]!),
  );
  const filled = rows.filter((row) => measure.counts[row]! > 0);
  for (const row of filled) {
    if (measure.counts[row]! < shape.windows) out.append(maskOf(measure, row));
  }
  const special = rows.flatMap((row, i) => {
    const found = measure.specials.get(row);
    return found === undefined ? [] : [{ i, found }];
  });
  out.varint(special.length);
  for (const { i, found } of special) {
    for (const number of [i, found.nan, found.plus, found.minus]) out.varint(number);
  }
  const finite = filled.filter((row) => measure.finiteCount(row) > 0);
  const averages: Averages | null = shape.sums[index]!
    ? { sums: packSums(out, measure.sums, finite), counts: finite.map((row) => measure.finiteCount(row)) }
    : null;
  for (const column of [measure.mins, measure.maxs]) {
    packDoubles(
      out,
      finite.map((row) => column[row]!),
      averages,
    );
  }
  packDoubles(
    out,
    filled.map((row) => measure.lasts[row]!),
    filled.length === finite.length ? averages : null,
  );
  const { weights } = measure;
  const behind = shape.weights[index];
  if (!behind) return out.finish();
  packIntegers(
    out,
    rows.map((row) => weights.lacking[row]!),
  );
  for (const [own, other] of [
    [weights.sums, steps.measures[behind.sum]!.sums],
    [weights.counts, steps.measures[behind.count]!.sums],
  ] as const) {
    const same = rows.every((row) => own.equals(other, row));
    out.byte(same ? SAME : OWN);
    if (!same) packSums(out, own, rows);
  }
  for (const [own, other] of [
    [measure.lastSums, steps.measures[behind.sum]!.lasts],
    [measure.lastCounts, steps.measures[behind.count]!.lasts],
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

function maskOf({ masks, maskBytes }: MeasureSteps, row: number): Uint8Array {
  return masks.subarray(row * maskBytes, (row + 1) * maskBytes);
}

/** The steps of a block whose start lies in [fromMs, toMs), with the columns that `into` has. */
export function unpackSteps(
  shape: FoldShape,
  bytes: Uint8Array,
  into: StepColumns,
  range: Span,
  length = bytes.length,
): void {
  const { stepMs } = shape;
  const input = new ByteReader(bytes, 0, length);
  const version = input.byte();
  if (version < VERSION_1 || version > VERSION) {
    throw new RangeError(
      `a block of history has the version ${version}; this release reads ${VERSION_1} to ${VERSION}`,
    );
  }
  const first = input.varint();
  const places = input.varint();
  into.reserve(places);
  const base = into.length;
  const rows = readStarts(input, first, places, stepMs, into);
  into.length += rows;
  unpackIntegers(input, rows, into.revisions, base);
  const later: (() => void)[] = [];
  into.measures.forEach((measure, index) => {
    const end = input.varint() + input.at;
    if (measure !== undefined) {
      const kept =
        version >= VERSION_3
          ? unpackKept(input)
          : { sums: version === VERSION_1 || shape.sums[index]!, weights: shape.weights[index] ?? null };
      new MeasureReader(shape, input, into, measure, base, rows).read(index, kept, later);
    }
    input.at = end;
  });
  for (const finish of later) finish();
  into.keep(base, range);
}

/** How many steps a block holds. */
export function stepsIn(bytes: Uint8Array, length = bytes.length): number {
  const input = new ByteReader(bytes, 1, length);
  input.varint();
  const places = input.varint();
  if (input.byte() === 0) return places;
  let steps = 0;
  for (const byte of input.take(Math.ceil(places / 8))) {
    for (let bits = byte; bits > 0; bits &= bits - 1) steps += 1;
  }
  return steps;
}

/** Returns how many of the places have a step. */
function readStarts(
  input: ByteReader,
  first: number,
  places: number,
  stepMs: number,
  { starts, length }: StepColumns,
): number {
  if (input.byte() === 0) {
    for (let i = 0; i < places; i += 1) starts[length + i] = (first + i) * stepMs;
    return places;
  }
  const present = input.take(Math.ceil(places / 8));
  let rows = 0;
  for (let i = 0; i < places; i += 1) {
    if ((present[i >> 3]! & (1 << (i & 7))) !== 0) starts[length + rows++] = (first + i) * stepMs;
  }
  return rows;
}

/** Reads one measure's part of a block into the rows from `base` on, and passes over what is not needed. */
class MeasureReader {
  /** Rows with a value, and with a finite one. */
  private filled = 0;
  private finite = 0;
  private alone = false;
  private sumsAt = 0;
  private known: Averages | null = null;

  constructor(
    private readonly shape: FoldShape,
    private readonly input: ByteReader,
    private readonly target: StepColumns,
    private readonly measure: MeasureSteps,
    private readonly base: number,
    private readonly rows: number,
  ) {}

  /** `later`: what waits for other measures of the block. */
  read(index: number, kept: Kept, later: (() => void)[]): void {
    const { choice } = this.measure;
    this.counts();
    this.specials();
    if (kept.sums) this.sums(choice.sums === true);
    this.extremes(choice.mins === true, this.measure.mins);
    this.extremes(choice.maxs === true, this.measure.maxs);
    const needsLasts = choice.lasts === 'alone' ? this.alone : choice.lasts === true;
    this.lasts(needsLasts, this.measure.lasts);
    if (choice.sums === true && !kept.sums) this.unknownSums();
    const behind = this.shape.weights[index];
    if (!behind || (choice.weights !== true && choice.lastWeights !== true)) return;
    const { measures } = this.target;
    if (kept.weights?.sum !== behind.sum || kept.weights.count !== behind.count) {
      later.push(() => this.otherWeights(measures[behind.sum]!, measures[behind.count]!));
      return;
    }
    this.weights(choice.weights === true, [measures[behind.sum], measures[behind.count]], later);
    if (choice.lastWeights !== true) return;
    this.lastWeights(this.measure.lastSums, measures[behind.sum]!, later);
    this.lastWeights(this.measure.lastCounts, measures[behind.count]!, later);
  }

  private counts(): void {
    const { input, base, rows, measure } = this;
    const { counts, masks, maskBytes, choice } = measure;
    const { windows } = this.shape;
    unpackIntegers(input, rows, counts, base);
    for (let row = base; row < base + rows; row += 1) {
      const count = counts[row]!;
      if (count > 0) this.filled += 1;
      if (count === 1) this.alone = true;
      if (count === 0 || count === windows) continue;
      if (choice.masks === true) input.copy(maskBytes, masks, row * maskBytes);
      else input.skipBits(maskBytes, 8);
    }
  }

  private specials(): void {
    const { input, base, measure } = this;
    this.finite = this.filled;
    for (let left = input.varint(); left > 0; left -= 1) {
      const row = base + input.varint();
      const special: Specials = { nan: input.varint(), plus: input.varint(), minus: input.varint() };
      measure.specials.set(row, special);
      if (measure.finiteCount(row) === 0) this.finite -= 1;
    }
  }

  private sums(needed: boolean): void {
    const { input, base, rows, finite, measure } = this;
    this.sumsAt = input.at;
    if (!needed) skipSums(input, finite);
    else if (finite === rows) unpackSums(input, finite, measure.sums);
    else {
      const found = new ExactSums(finite);
      unpackSums(input, finite, found);
      const at = new Int32Array(finite);
      for (let row = base, i = 0; row < base + rows; row += 1) {
        if (measure.finiteCount(row) > 0) at[i++] = row;
      }
      measure.sums.push(rows);
      measure.sums.addRows(at, found);
    }
  }

  /** Of the rows with a finite value. */
  private averages(): Averages {
    const { input, base, rows, finite, measure } = this;
    if (this.known !== null) return this.known;
    const counts = measure.counts.subarray(base, base + rows);
    this.known = {
      sums: unpackMantissas(input.from(this.sumsAt), finite),
      counts:
        measure.specials.size === 0 && finite === rows
          ? counts
          : counts.map((_, row) => measure.finiteCount(base + row)).filter((count) => count > 0),
    };
    return this.known;
  }

  /** The measure was an average when the block was packed: what its values add up to is not known. */
  private unknownSums(): void {
    const { base, rows, measure } = this;
    measure.sums.push(rows);
    for (let row = base; row < base + rows; row += 1) {
      if (measure.finiteCount(row) > 0) {
        measure.specials.set(row, { nan: measure.counts[row]!, plus: 0, minus: 0 });
      }
    }
  }

  /** The block has no weights, or those of other measures: they are taken from the measures themselves. */
  private otherWeights(sum: MeasureSteps, count: MeasureSteps): void {
    const { base, rows, measure } = this;
    const { choice, counts, weights } = measure;
    if (choice.weights === true) {
      weights.sums.push(rows);
      weights.counts.push(rows);
    }
    for (let row = base; row < base + rows; row += 1) {
      if (counts[row] === 0) continue;
      const known = [sum, count].every(
        (other) => other.counts[row] === counts[row] && other.finiteCount(row) === counts[row],
      );
      if (choice.lastWeights === true) {
        measure.lastSums[row] = known ? sum.lasts[row]! : Number.NaN;
        measure.lastCounts[row] = known ? count.lasts[row]! : Number.NaN;
      }
      if (choice.weights !== true) continue;
      const plain = known ? [sum.sums.plain(row), count.sums.plain(row)] : [null, null];
      if (plain[0] && plain[1]) {
        weights.sums.addPlain(row, plain[0].mantissa, plain[0].scale);
        weights.counts.addPlain(row, plain[1].mantissa, plain[1].scale);
      } else weights.lacking[row] = counts[row]!;
    }
  }

  private extremes(needed: boolean, into: Float64Array): void {
    const { input, base, rows, finite, measure } = this;
    if (!needed) skipDoubles(input, finite);
    else {
      unpackDoubles(input, finite, into, base, () => this.averages());
      if (finite < rows) spread(into, base, rows, finite, (row) => measure.finiteCount(row) > 0);
    }
  }

  private lasts(needed: boolean, into: Float64Array): void {
    const { input, base, rows, filled, measure } = this;
    if (!needed) skipDoubles(input, filled);
    else {
      unpackDoubles(input, filled, into, base, () => this.averages());
      if (filled < rows) spread(into, base, rows, filled, (row) => measure.counts[row]! > 0);
    }
  }

  private weights(
    needed: boolean,
    behind: readonly (MeasureSteps | undefined)[],
    later: (() => void)[],
  ): void {
    const { input, base, rows } = this;
    const { lacking, sums, counts } = this.measure.weights;
    if (needed) unpackIntegers(input, rows, lacking, base);
    else skipIntegers(input, rows);
    [sums, counts].forEach((own, i) => {
      if (input.byte() === OWN) {
        if (needed) unpackSums(input, rows, own);
        else skipSums(input, rows);
      } else if (needed) {
        // The other measure may come later in the block.
        later.push(() => own.addRows(sequence(own.push(rows), rows), behind[i]!.sums, base));
      }
    });
  }

  private lastWeights(own: Float64Array, other: MeasureSteps, later: (() => void)[]): void {
    const { base, rows, measure } = this;
    if (this.input.byte() === OWN) this.lasts(true, own);
    else {
      later.push(() => {
        for (let row = base; row < base + rows; row += 1) {
          own[row] = measure.counts[row]! > 0 ? other.lasts[row]! : 0;
        }
      });
    }
  }
}

/** Moves the `count` numbers at `base` to those of its `rows` that have one; the others become 0. */
function spread(
  column: Float64Array,
  base: number,
  rows: number,
  count: number,
  has: (row: number) => boolean,
): void {
  for (let row = base + rows - 1, at = base + count; row >= base; row -= 1) {
    column[row] = has(row) ? column[--at]! : 0;
  }
}

function sequence(from: number, length: number): Int32Array {
  const rows = new Int32Array(length);
  for (let i = 0; i < length; i += 1) rows[i] = from + i;
  return rows;
}
