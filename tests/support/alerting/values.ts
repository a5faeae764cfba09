import type { HostFrame } from '../plugin-host/host-frame';

/** What expressions reckon with, as Grafana's server-side expressions do. */

export type Labels = Readonly<Record<string, string>>;
export type MaybeNumber = number | null;

export type Value =
  | { readonly kind: 'series'; readonly labels: Labels; readonly values: readonly MaybeNumber[] }
  | { readonly kind: 'number'; readonly labels: Labels; readonly value: MaybeNumber }
  | { readonly kind: 'scalar'; readonly value: MaybeNumber }
  | { readonly kind: 'none' };

export const labelsOf = (value: Value): Labels => ('labels' in value ? value.labels : {});

const KINDS: Readonly<Record<string, 'series' | 'number'>> = {
  'timeseries-multi': 'series',
  'numeric-multi': 'number',
};

/**
 * The frames of one answer as expressions take them. Throws for frames that a rule could not use: it is then the whole
 * rule that fails in Grafana.
 */
export function valuesOf(frames: readonly HostFrame[]): readonly Value[] {
  const [first] = frames;
  if (first === undefined) return [{ kind: 'none' }];
  const kind = KINDS[first.meta.type ?? ''];
  if (kind === undefined) throw new Error(`a rule cannot use frames of type ${String(first.meta.type)}`);
  if (frames.length === 1 && first.fields.length === 0) return [{ kind: 'none' }];
  const seen = new Set<string>();
  return frames.map((frame) => {
    if (frame.meta.type !== first.meta.type || frame.meta.typeVersion === undefined) {
      throw new Error('frames of different types, or without a version of their type');
    }
    const numbers = frame.fields.filter(({ type }) => type === 'number');
    const [field] = numbers;
    const expected = kind === 'series' ? 2 : 1;
    if (field === undefined || frame.fields.length !== expected) {
      throw new Error(
        `a ${String(first.meta.type)} frame with the fields ${frame.fields.map(({ name }) => name).join(', ')}`,
      );
    }
    const key = JSON.stringify(Object.entries(field.labels).sort());
    if (seen.has(key)) throw new Error(`two frames have the labels ${key}`);
    seen.add(key);
    const values = field.values as readonly MaybeNumber[];
    if (kind === 'series') return { kind, labels: field.labels, values };
    if (values.length !== 1) throw new Error(`a number frame with ${values.length} rows`);
    return { kind, labels: field.labels, value: values[0]! };
  });
}
