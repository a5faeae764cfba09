import type { OverTime } from '../../../backend-bridge/src/domain/metric';
import { QueryEngine } from '../../../backend-bridge/src/domain/query-engine';
import type { SeriesStore } from '../../../backend-bridge/src/domain/store';
import { plainPoints, type Window } from '../../support/history-windows';
import { SEALED, sealedWindow, SERIES } from './sealing-written';

const RULES: readonly (readonly [OverTime, number])[] = [
  ['sum', 5],
  ['max', 60],
];

/** The windows that the records up to an offset make. */
function windowsUpTo(applied: number): Window[] {
  const windows = new Map<string, Window>();
  for (let offset = 0; offset <= applied; offset += 1) {
    const record = sealedWindow(offset);
    const key = `${record.series}/${record.minute}`;
    const before = windows.get(key);
    const measures = record.removed && before !== undefined ? before.measures : record.measures;
    windows.set(key, { ...record, measures, revision: (before?.revision ?? 0) + 1 });
  }
  return [...windows.values()];
}

/** That a store with the records up to an offset answers what their windows come to, in every series. */
export async function expectSealed(store: SeriesStore, applied: number, nowMs: number): Promise<void> {
  const windows = windowsUpTo(applied);
  const limits = { maxSeries: 100, maxPoints: 1_000_000, maxScanPoints: 5_000_000, staleWindows: 2 };
  const engine = new QueryEngine([SEALED], store, limits, () => nowMs);
  for (const [overTime, step] of RULES) {
    const range = { fromMs: 0, toMs: nowMs + 3_600_000, stepMs: step * 60_000 };
    const answer = await engine.query(
      { metric: SEALED.name, ...range, overTime, includeRevisions: true },
      [],
    );
    expect(answer.series).toHaveLength(SERIES);
    answer.series.forEach((series, i) => {
      const own = windows.filter((window) => window.series === i);
      const right = plainPoints(own, 0, overTime, step).filter(({ value }) => value !== undefined);
      expect(JSON.stringify([series.times, series.values, series.revisions])).toBe(
        JSON.stringify([
          right.map(({ time }) => time),
          right.map(({ value }) => value),
          right.map(({ revision }) => revision),
        ]),
      );
    });
  }
}
