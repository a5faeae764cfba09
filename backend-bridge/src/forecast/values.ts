/** How the values of a series are made comparable: on the model's scale their noise is about the same at all levels. */

/** `count`: whole numbers from 0. `amount`: any numbers from 0. `signed`: any numbers. */
export type ValueKind = 'count' | 'amount' | 'signed';

/** Anscombe's constant: the square root of a Poisson count plus this has a variance of about 1/4 (Biometrika, 1948). */
const ANSCOMBE = 0.375;

export interface ValueScale {
  toModel(value: number): number;
  fromModel(model: number): number;
}

const scales: Record<ValueKind, ValueScale> = {
  count: {
    toModel: (value) => Math.sqrt(Math.max(0, value) + ANSCOMBE),
    fromModel: (model) => (model <= 0 ? 0 : Math.max(0, model * model - ANSCOMBE)),
  },
  amount: {
    toModel: (value) => Math.sqrt(Math.max(0, value)),
    fromModel: (model) => (model <= 0 ? 0 : model * model),
  },
  signed: { toModel: (value) => value, fromModel: (model) => model },
};

export function scaleOf(kind: ValueKind): ValueScale {
  return scales[kind];
}

/** What the values look like; NaN is skipped. `unknown` where there are none. */
export function valueKindOf(values: ArrayLike<number>, unknown: ValueKind): ValueKind {
  let kind: ValueKind | null = null;
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    if (Number.isNaN(value)) continue;
    if (value < 0) return 'signed';
    if (!Number.isInteger(value)) kind = 'amount';
    else kind ??= 'count';
  }
  return kind ?? unknown;
}
