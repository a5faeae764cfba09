import fc from 'fast-check';
import type { QueryAnswer } from '../domain/query-answer';
import type { ResultSeries } from '../domain/selection';
import { isSmall, queryAnswerJson } from './query-answer-json';

function answer(series: readonly ResultSeries[]): QueryAnswer {
  return {
    metric: 'm',
    measure: 'value',
    unit: 'short',
    stepMs: 60_000,
    watermarkMs: null,
    serverTimeMs: 5,
    storeEpoch: 'e',
    warnings: [{ code: 'series_truncated', message: 'x', kept: 1, total: 2 }],
    series,
  };
}

const plain = (value: ResultSeries, includeRevisions: boolean): object => ({
  labels: value.labels,
  times: value.times,
  values: value.values,
  ...(includeRevisions
    ? { revisions: value.revisions, removed: value.removed, removed_revisions: value.removedRevisions }
    : {}),
  ...(value.openFromMs === null ? {} : { open_from_ms: value.openFromMs }),
});

const seriesOf = (length: number): ResultSeries => ({
  labels: { segment: 'gold' },
  times: Array.from({ length }, (_, i) => 1_700_000_000_000 + i * 60_000),
  values: Array.from({ length }, (_, i) => (i % 100 === 0 ? null : i * 1.1)),
  revisions: Array.from({ length }, (_, i) => i + 1),
  removed: [1],
  removedRevisions: [2],
  openFromMs: null,
});

describe('queryAnswerJson', () => {
  it('writes what JSON.stringify would, whatever labels and numbers there are', () => {
    const series = fc.record({
      labels: fc.dictionary(fc.string(), fc.string()),
      times: fc.array(fc.maxSafeInteger()),
      values: fc.array(fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }), { nil: null })),
      revisions: fc.array(fc.nat()),
      removed: fc.array(fc.nat()),
      removedRevisions: fc.array(fc.nat()),
      openFromMs: fc.option(fc.nat(), { nil: null }),
    });
    fc.assert(
      fc.property(fc.array(series), fc.boolean(), (list, includeRevisions) => {
        const text = [...queryAnswerJson(answer(list), includeRevisions)].join('');
        const parsed = JSON.parse(text) as { series: unknown };
        expect(parsed).toMatchObject({ metric: 'm', store_epoch: 'e', watermark_ms: null, step_ms: 60_000 });
        expect(parsed.series).toEqual(
          JSON.parse(JSON.stringify(list.map((one) => plain(one, includeRevisions)))),
        );
      }),
    );
  });

  it('cuts a long column into pieces that make the same text', () => {
    const long = seriesOf(70_001);
    const pieces = [...queryAnswerJson(answer([long, seriesOf(3)]), true)];
    expect(pieces.length).toBeGreaterThan(8);
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThan(2_000_000);
    expect((JSON.parse(pieces.join('')) as { series: unknown }).series).toEqual([
      plain(long, true),
      plain(seriesOf(3), true),
    ]);
    expect(isSmall(answer([long]))).toBe(false);
    expect(isSmall(answer([seriesOf(1_440)]))).toBe(true);
  });

  it('writes many small series in pieces too', () => {
    const pieces = [...queryAnswerJson(answer(Array.from({ length: 1_000 }, () => seriesOf(60))), false)];
    expect(pieces.length).toBeGreaterThan(4);
    expect((JSON.parse(pieces.join('')) as { series: unknown[] }).series).toHaveLength(1_000);
  });
});
