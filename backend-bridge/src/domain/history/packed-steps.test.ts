import { columnsOf, historyMetric, MINUTE, type Window } from '../../../../tests/support/history-windows';
import { packSteps, stepsIn, unpackSteps } from './packed-steps';
import { mergedBlock } from './step-blocks';
import { emptySteps, foldShape, foldWindows, neededColumns } from './step-columns';

/** WINDOWS in steps of five minutes, as version 1 packed them. */
const VERSION_1 = Buffer.from(
  'AYCsjwQMAZ8PARICJCUJNwEGAlViCR4eFx0HDxsAAAIvByJWyhW0+AGuMgAAAgIEQEPkREQAAggEEBGRAxIAAggEEBGRAxJeAQgB' +
    'VQMeHRcPAQQBAAADAu8uDpoQX+WldUD5VeO5pwIA2m/7BQADAgALAHAXfeLkLmvHKU5xihMDAugHCwDoQx/60Iev9gEA+ugDAwLo' +
    'BwsA6EMf+tCHr/YBAProA0YBCAFVAx4dFw8AAAKTAQdAGysYKi3EgBgAAAIdBKuqCrqp/wGAAkAYEjwSChIaE3WAEwWAEwKAEw+A' +
    'EwKAAAIdBKuqCrqp/gIBBgJRUQYeGg8dHRYbDx0ABAEAEgAAAAAAAAAAAAAAJEeYHGFyhMkRJkcICQAgEAMXOAyY2kVWASAQA+W4' +
    'bcJsFVYCIBABhg7wavb6qQMgEAMxt10lzWqrBB4ONP6hGeZKqwYiECElEINCjtVVByAQAc5x5MhDaqkIIBADRwhVAnRqqwkeDm65' +
    '6w9/6qv/CD/qqqqqqqqriBgiqqqqqqqrGDaqqqqqqqsYCKqqqqqqqxILGEhVVVVVVVUYRMzMzMzMzxgrMzMzMzMxGD6qqqqqqqv/' +
    'A0AigBIVGCHVVVVVVVUYP1VVVVVVVRgzqqqqqqqrGAaqqqqqqqsSLxMmgBM0wBIX/wNAB4ATCYAYB6qqqqqqqxgazMzMzMzNGAnM' +
    'zMzMzM0If+eqqqqqqqsSBQh/+6qqqqqqqxgMMzMzMzMxGBszMzMzMzEAAAACAdAoDECGPhvoxKoFABQFrwP8hwABAAIB2AQMayMc' +
    'WdaEpJYaAHBJiyZOAAABBAMCF4ELVQEIAVUDHh0XDwACAdBBCwDIGcgcDOTtjAqWw506AAIBAAoA0LfEj5ZsJ4OJfdwFAgH0HAoA' +
    '0LfEj5aEIwNLfdwFAgHYBAxrIxwZ0ISklhoAcEmLJk4qAQgBVQMeHRcPAAABDgQjawW3WAAAAQACQMABAAEIAmiiCQABAAMUOsod',
  'base64',
);

const EVERYTHING = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER };
const METRIC = historyMetric();
const SHAPE = foldShape(METRIC, 5 * MINUTE);

/** With a gap, removed windows, absent values, NaN, and averages that are not plain numbers. */
const WINDOWS = Array.from({ length: 60 }, (_, minute): Window => {
  const total = ((minute * 37) % 101) / 4;
  const count = minute % 7;
  return {
    series: 0,
    minute,
    revision: 1 + (minute % 3),
    removed: minute % 11 === 5,
    measures: [
      minute % 13 === 0 ? undefined : minute,
      minute === 20 ? Number.NaN : minute / 8,
      -minute,
      count === 0 ? undefined : total / count,
      total,
      count,
    ],
  };
}).filter(({ minute }) => minute < 25 || minute >= 35);

function packed(windows: readonly Window[]): Uint8Array {
  const steps = emptySteps(SHAPE);
  foldWindows(SHAPE, columnsOf(windows), steps);
  return packSteps(SHAPE, steps, 0, steps.length);
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

describe('blocks of version 1, in which averages have sums too', () => {
  it('are read as what was packed, all columns and single ones', () => {
    const needs = [undefined, ...([3, 4] as const).map((index) => neededColumns(SHAPE, index, 'avg', true))];
    for (const some of needs) {
      const [old, own] = [emptySteps(SHAPE, some), emptySteps(SHAPE, some)];
      unpackSteps(SHAPE, VERSION_1, old, EVERYTHING);
      unpackSteps(SHAPE, packed(WINDOWS), own, EVERYTHING);
      expect(old).toEqual(own);
      expect(old.length).toBe(10);
    }
    expect(stepsIn(VERSION_1)).toBe(10);
  });

  it('become blocks of this version when steps are added', () => {
    const later: readonly Window[] = WINDOWS.slice(0, 5).map((each, i) => ({ ...each, minute: 60 + i }));
    const part = { block: 0, span: EVERYTHING };
    const bytes = mergedBlock(SHAPE, columnsOf(later), part, VERSION_1, EVERYTHING.toMs);
    expect(base64(bytes!)).toBe(base64(packed([...WINDOWS, ...later])));
  });

  it('of another version are refused', () => {
    const other = Uint8Array.from(packed(WINDOWS));
    other[0] = 3;
    expect(() => unpackSteps(SHAPE, other, emptySteps(SHAPE), EVERYTHING)).toThrow(
      'a block of history has the version 3; this release reads 1 and 2',
    );
  });
});
