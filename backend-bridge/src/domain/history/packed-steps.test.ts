import { columnsOf, historyMetric, MINUTE, type Window } from '../../../../tests/support/history-windows';
import { packSteps, stepsIn, unpackSteps } from './packed-steps';
import { mergedBlock } from './step-blocks';
import {
  emptySteps,
  foldShape,
  foldWindows,
  neededColumns,
  type FoldShape,
  type StepColumns,
} from './step-columns';
import type { Metric } from '../metric';

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

/** WINDOWS and DIGITS as version 3 packed them. */
const VERSION_3 = Buffer.from(
  'A4CsjwQMAZ8PARICJCUJOQEAAQYCVWIJHh4XHQcPGwAAAi8HIlbKFbT4Aa4yAAACAgRAQ+RERAACCAQQEZEDEgACCAQQEZEDEmABAAEI' +
    'AVUDHh0XDwEEAQAAAwLvLg6aEF/lpXVA+VXjuacCANpv+wUAAwIACwBwF33i5C5rxylOcYoTAwLoBwsA6EMf+tCHr/YBAProAwMC6AcL' +
    'AOhDH/rQh6/2AQD66ANIAQABCAFVAx4dFw8AAAKTAQdAGysYKi3EgBgAAAIdBKuqCrqp/wGAAkAYEjwSChIaE3WAEwWAEwKAEw+AEwKA' +
    'AAIdBKuqCrqphAIABQYBBgJRUQYeGg8dHRYbDx0A/wg/6qqqqqqqq4gYIqqqqqqqqxg2qqqqqqqrGAiqqqqqqqsSCxhIVVVVVVVVGETM' +
    'zMzMzM8YKzMzMzMzMRg+qqqqqqqr/wNAIoASFRgh1VVVVVVVGD9VVVVVVVUYM6qqqqqqqxgGqqqqqqqrEi8TJoATNMASF/8DQAeAEwmA' +
    'GAeqqqqqqqsYGszMzMzMzRgJzMzMzMzNCH/nqqqqqqqrEgUIf/uqqqqqqqsYDDMzMzMzMRgbMzMzMzMxAAAAAgHQKAxAhj4b6MSqBQAU' +
    'Ba8D/IcAAQACAdgEDGsjHFnWhKSWGgBwSYsmTgAAAQQDAheBC1cBAAEIAVUDHh0XDwACAdBBCwDIGcgcDOTtjAqWw506AAIBAAoA0LfE' +
    'j5ZsJ4OJfdwFAgH0HAoA0LfEj5aEIwNLfdwFAgHYBAxrIxwZ0ISklhoAcEmLJk4sAQABCAFVAx4dFw8AAAEOBCNrBbdYAAABAAJAwAEA' +
    'AQgCaKIJAAEAAxQ6yh0=',
  'base64',
);
const VERSION_3_DIGITS = Buffer.from(
  'A4CsjwQMAZ8PARICJCUJ0gIBAAEGAlViCR4eFx0HDxsAAQEACwAAAAAAAABSkpKUpCQlCQAgEAGGzGrNSwADASAQBJRlQGfhAA8CHg63' +
    'rOBG40AEAx4QAQ2mpdpzwAUEHhABreDb4dKABQYcDlIRU95PwAEHHhAC1uKdsQuADggcDlFJPSB2AAIJHhAEWcaWyRXAGP8IP/GZmZmZ' +
    'mZoIf+v///////0YPGZmZmZmZxMWgBMGgBN1QBMFQBgOwAAAAAABEwNAEwXA/whAEZmZmZmZmhgyVVVVVVVXGA0AAAAAAAMYGiqqqqqq' +
    'qRMOgBh+P//////9GAxqqqqqqq4YAlVVVVVVUxgH1VVVVVVTGB2Kqqqqqq7/CEARmZmZmZmaGDJVVVVVVVcYDQAAAAAAAxgaKqqqqqqp' +
    'Ew6AGH4///////0YDGqqqqqqrhgCVVVVVVVTGAfVVVVVVVMYHYqqqqqqrsoCAQABCAFVAx4dFw8BBAEAAAAAAAoAIhAB6H+FgJ3AAwEg' +
    'DpKMqAz8IAICIBABJRlQGfhABgMgEAFREE9RELAHBCAQAbel+Cb0YAcFHg5HzylihcgBBiAQBAHYmFrk4A8HIBADjJtFHU5gDwggEAT2' +
    'GFsbM8AZCSAQBXA4PHtbMBn/iAg/6mZmZmZmZxgcZmZmZmZnA3/2gBgHmZmZmZmaGBRZmZmZmZoTBUAYDsAAAAAAARMDQBMFwP8IP+GZ' +
    'mZmZmZoYElVVVVVVVxgNAAAAAAADCH/6KqqqqqqpEw6AGB8VVVVVVVMTDUAYAlVVVVVVUxgH1VVVVVVTGD2Kqqqqqq7/CD/hmZmZmZma' +
    'GBJVVVVVVVcYDQAAAAAAAwh/+iqqqqqqqRMOgBgfFVVVVVVTEw1AGAJVVVVVVVMYB9VVVVVVUxg9iqqqqqquuQIBAAEIAVUDHh0XDwAA' +
    'AAAKACARAYbMas1LAAMBIBEElGVAZ+EADwIeD+p6pnstAAQDHhEBDaal2nPABQQeEQGt4Nvh0oAFBR4RAj55SxQuQAYGHA9SEVPeT8AB' +
    'Bx4RAtbinbELgA4IHA9lm4xok4ACCR4RBFnGlskVwBj/CMARmZmZmZmaGDJVVVVVVVcYDQAAAAAAAxgaKqqqqqqpEw6AGH8VVVVVVVMT' +
    'DUAYAlVVVVVVUxgH1VVVVVVTGB2Kqqqqqq7/AYAIQBpmZmZmZmcYPGZmZmZmZxMWgBMGgBN1QBMFQBgOwAAAAAABEwNAEwXA/wjAEZmZ' +
    'mZmZmhgyVVVVVVVXGA0AAAAAAAMYGiqqqqqqqRMOgBh/FVVVVVVTEw1AGAJVVVVVVVMYB9VVVVVVUxgdiqqqqqqu5AMABQYBBgJRUQYe' +
    'Gg8dHRYbDx0A/wg/7VVVVVVVVogYJzMzMzMzMQh/yru7u7u7uQh/+O7u7u7u6hgH1VVVVVVTGEiRERERER8YRCtfgrX4JRguCX2gl9oL' +
    'GDtVVVVVVVb/CEAkWZmZmZmaEx2AGCFIiIiIiIsYMxEREREREBg21VVVVVVXGAOZmZmZmZgYKiqqqqqqqRMjQBg1X//////9ExqA/whA' +
    'CdmZmZmZmhgZWZmZmZmaGBy7u7u7u70YGWyxhssYahgIAl9oJfaBCH/iszMzMzMxEwWACH//xEREREREGBTDZYw2WMEYB9r8Fa/BXwAA' +
    'AAMB4OoED8gZAAAAAAAAAAAAAAAAACnZlCwHAiAQByL7pn++oAEDHg7gtYo2CyACBCAQBi67479vwBUFHg5lm4xok4ADBiAQBfQdOiCk' +
    'gCsHHg7TB/w7qIAECR4Oups1jtPQAQEA/whAKdmZmZmZmhgJWZmZmZmaGBWszMzMzM0TD4AYDKzMzMzMzRgp5mZmZmZnExWAGDpf////' +
    '//0TBYAYBLVVVVVVVwD/CEARmZmZmZmaEhAYG////////RgMZmZmZmZnGBxmZmZmZmcYG////////RIQGBv///////0YDGZmZmZmZxgc' +
    'ZmZmZmZntgIBAAEIAVUDHh0XDwADAfDRBQ4AwNw4N86Nc+PcODfOjWF/2A8HAiAQB6H+FgJ3AAEDHg7gtYo2CyACBCAQCNqhnqazABUF' +
    'Hg62ssPZkxAGBiAQB3EkiKjNoDUHHg7TB/w7qIAECR4O7Wj7wx2QAf+IAkAWCH/8ZmZmZmZnCH/zKqqqqqqqCH/jKqqqqqqqA3/ugAh/' +
    '9X///////Qh/+aqqqqqqrgh/7jMzMzMzNAN/5oD/CEA0WZmZmZmaEw2AGAz1VVVVVVcTD4AYDKzMzMzMzSjTMzMzMzQYAjVVVVVVUxMD' +
    'QBgCH//////9Ew3A/whAKdmZmZmZmhgJWZmZmZmaGCwZmZmZmZoYNjVVVVVVVxgMrMzMzMzNGCnmZmZmZmcTFYAYOl///////RMFgBgE' +
    'tVVVVVVXtgIBAAEIAVUDHh0XDwABAQAHAAAAAGg2m80mCQAgEAGGzGrNSwADASAQAV+3+bjDgAUCIBACv2/zcYcACAMgEAH8Cb4K4YAD' +
    'BCAQAdT1TPZaAAgGIBACIx4vH2kABQcgEAK/b/NxhwAICCAQAkoyoDPwgAMJIBAB1PVM9loACP+IiIgIP/GZmZmZmZoIP/GZmZmZmZqI' +
    'iAhACmZmZmZmZwh/+////////Qg/8ZmZmZmZmv8IQBGZmZmZmZoYC////////YgYDGZmZmZmZxgMZmZmZmZnGAv///////0YC///////' +
    '/YgYDGZmZmZmZxgMZmZmZmZn/whAEZmZmZmZmhIQCEABmZmZmZmaAkAWGBxmZmZmZmcYG////////RIQGBv///////0YDGZmZmZmZxgc' +
    'ZmZmZmZn',
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

/** The same as doubles of many digits. */
const DIGITS = WINDOWS.map((window): Window => ({
  ...window,
  measures: window.measures.map((value) => (value === undefined ? undefined : value * 1.1)),
}));

function packed(windows: readonly Window[]): Uint8Array {
  const steps = emptySteps(SHAPE);
  foldWindows(SHAPE, columnsOf(windows), steps);
  return packSteps(SHAPE, steps, 0, steps.length);
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

describe.each([
  ['1, in which averages have sums too', VERSION_1, WINDOWS],
  ['3, which packs each column by itself', VERSION_3, WINDOWS],
  ['3, of doubles of many digits', VERSION_3_DIGITS, DIGITS],
])('blocks of version %s', (_, block, windows) => {
  it('are read as what was packed, all columns and single ones', () => {
    const needs = [
      undefined,
      ...([3, 4] as const).map((index) => neededColumns(SHAPE, index, 'avg', true)),
      ...(['min', 'max', 'last'] as const).map((rule) => neededColumns(SHAPE, 1, rule, false)),
    ];
    for (const some of needs) {
      const [old, own, folded] = [emptySteps(SHAPE, some), emptySteps(SHAPE, some), emptySteps(SHAPE, some)];
      unpackSteps(SHAPE, block, old, EVERYTHING);
      unpackSteps(SHAPE, packed(windows), own, EVERYTHING);
      foldWindows(SHAPE, columnsOf(windows), folded);
      for (const steps of [old, own]) expect(shownSteps(steps)).toEqual(shownSteps(folded));
      expect(old.length).toBe(10);
    }
    expect(stepsIn(block)).toBe(10);
  });

  it('become blocks of this version when steps are added', () => {
    const later: readonly Window[] = windows.slice(0, 5).map((each, i) => ({ ...each, minute: 60 + i }));
    const part = { block: 0, span: EVERYTHING };
    const bytes = mergedBlock(SHAPE, columnsOf(later), part, block, EVERYTHING.toMs);
    expect(base64(bytes!)).toBe(base64(packed([...windows, ...later])));
  });
});

it('blocks of a later version are refused', () => {
  const other = Uint8Array.from(packed(WINDOWS));
  other[0] = 5;
  expect(() => unpackSteps(SHAPE, other, emptySteps(SHAPE), EVERYTHING)).toThrow(
    'a block of history has the version 5; this release reads 1 to 4',
  );
});

/** All that rules read of steps. */
function shownSteps({ length, starts, revisions, measures }: StepColumns): unknown {
  return Array.from({ length }, (_, row) => [
    starts[row],
    revisions[row],
    measures.map(
      (measure) =>
        measure && [
          measure.counts[row],
          measure.finiteCount(row),
          ...[measure.sums, measure.weights.sums, measure.weights.counts].map((sums) =>
            sums.length > 0 ? sums.canonical(row) : null,
          ),
          measure.choice.lasts === 'alone' || measure.lasts[row],
          ...[measure.mins, measure.maxs, measure.lastSums, measure.lastCounts].map((column) => column[row]),
          measure.weights.lacking[row],
        ],
    ),
  ]);
}

describe('blocks of a metric whose mapping was changed since', () => {
  const averages = (mean: Partial<Metric['measures'][number]>, of = METRIC): FoldShape =>
    foldShape(
      { ...of, measures: of.measures.map((one) => (one.name === 'mean' ? { ...one, ...mean } : one)) },
      5 * MINUTE,
    );
  /** Every window has all its measures, whole numbers. */
  const windows = WINDOWS.map((window): Window => ({
    ...window,
    removed: false,
    measures: [window.minute, 1, 2, 3, 2 * window.minute, 1 + (window.minute % 4)],
  }));
  const packedBy = (shape: FoldShape, of = windows): Uint8Array => {
    const steps = emptySteps(shape);
    foldWindows(shape, columnsOf(of), steps);
    return packSteps(shape, steps, 0, steps.length);
  };
  const read = (shape: FoldShape, bytes: Uint8Array): StepColumns => {
    const steps = emptySteps(shape);
    unpackSteps(shape, bytes, steps, EVERYTHING);
    return steps;
  };
  const plain = averages({ sumFrom: null, countFrom: null });

  it.each([
    ['is an average by now, of other measures', { combine: 'sum', sumFrom: null, countFrom: null }],
    ['has weights by now', { sumFrom: null, countFrom: null }],
    ['has other weights by now', { sumFrom: 'value', countFrom: 'n' }],
  ] as const)('one that %s has those of its windows', (_, before) => {
    const steps = read(SHAPE, packedBy(averages(before)));
    const right = read(SHAPE, packedBy(SHAPE));
    const shown = ({ measures: [, , , mean], length }: StepColumns): unknown =>
      Array.from({ length }, (__, row) => [
        mean!.weights.sums.number(row),
        mean!.weights.counts.number(row),
        mean!.weights.lacking[row],
        mean!.lastSums[row],
        mean!.lastCounts[row],
        mean!.mins[row],
        mean!.lasts[row],
      ]);
    expect(shown(steps)).toEqual(shown(right));
    expect(packSteps(SHAPE, steps, 0, steps.length)).toEqual(packedBy(SHAPE));
  });

  it('one whose sum or count some windows lack cannot be weighed there', () => {
    const lacking = windows.map((window) =>
      window.minute === 2 ? { ...window, measures: [1, 1, 1, 3, undefined, 1] } : window,
    );
    const mean = read(SHAPE, packedBy(plain, lacking)).measures[3]!;
    expect([...mean.weights.lacking].slice(0, 3)).toEqual([5, 0, 0]);
  });

  it('one that was an average and is added up by now has no sum, and its last, least and largest value', () => {
    const shape = averages({ combine: 'sum', sumFrom: null, countFrom: null });
    const needs = neededColumns(shape, 3, 'sum', false);
    const steps = emptySteps(shape, needs);
    unpackSteps(shape, packedBy(SHAPE), steps, EVERYTHING);
    expect(steps.measures[3]!.specials.get(0)).toEqual({ nan: 5, plus: 0, minus: 0 });
    for (const [rule, column] of [
      ['min', 'mins'],
      ['max', 'maxs'],
      ['last', 'lasts'],
    ] as const) {
      const some = emptySteps(shape, neededColumns(shape, 3, rule, false));
      unpackSteps(shape, packedBy(SHAPE), some, EVERYTHING);
      expect(some.measures[3]!.specials.size).toBe(0);
      expect([...some.measures[3]![column]].slice(0, some.length)).toEqual(new Array(some.length).fill(3));
    }
  });
});
