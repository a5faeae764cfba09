import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { labelsOf, type Labels, type MaybeNumber, type Value } from './values';

/** Frames as Grafana's own Go code reads them: the SDK's decoder, and the readers of its server-side expressions. */

const ROOT = join(__dirname, '../../..');

export interface SdkReading {
  /** In the order of their labels. */
  readonly values: readonly Value[];
  /** Why a rule would refuse the frames; empty where it takes them. */
  readonly error: string;
}

interface Told {
  readonly values: readonly {
    readonly labels: Labels | null;
    readonly times?: readonly number[];
    readonly numbers: readonly (string | null)[] | null;
  }[];
  readonly error?: string;
}

/** Reads answers by name, each its frames in Arrow's form. */
export function readBySdk(answers: ReadonlyMap<string, readonly Buffer[]>): ReadonlyMap<string, SdkReading> {
  const encoded = [...answers].map(([name, frames]) => [name, frames.map((one) => one.toString('base64'))]);
  const told = execFileSync(goCommand(), ['run', '-trimpath', './pkg/frames/framestest/readframes'], {
    cwd: ROOT,
    // As the backend is built, so that what was compiled for it serves here.
    env: { ...process.env, CGO_ENABLED: '0' },
    input: JSON.stringify(Object.fromEntries(encoded)),
    encoding: 'utf8',
    maxBuffer: 100_000_000,
  });
  return new Map(
    Object.entries(JSON.parse(told) as Readonly<Record<string, Told>>).map(([name, one]) => [
      name,
      readingOf(one),
    ]),
  );
}

/** The Go that the backend is built with. */
function goCommand(): string {
  const ask = "import { findGo } from './scripts/go.mjs'; process.stdout.write(findGo() ?? '');";
  const found = execFileSync(process.execPath, ['--input-type=module', '-e', ask], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (found === '') throw new Error('Go is missing: run "npm run build", which fetches it.');
  return found;
}

function readingOf({ values, error = '' }: Told): SdkReading {
  if (error !== '') return { values: [], error };
  const read = values.map(({ labels, times, numbers }): Value => {
    const all = (numbers ?? []).map(numberOf);
    if (times === undefined) return { kind: 'number', labels: labels ?? {}, value: all[0]! };
    return { kind: 'series', labels: labels ?? {}, values: all };
  });
  return { values: read.length === 0 ? [{ kind: 'none' }] : inOrder(read), error };
}

const numberOf = (text: string | null): MaybeNumber =>
  text === null ? null : Number(text.replace('Inf', 'Infinity'));

/** In the order of their labels. */
export function inOrder(values: readonly Value[]): readonly Value[] {
  const keyOf = (value: Value): string => JSON.stringify(Object.entries(labelsOf(value)).sort());
  return [...values].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}
