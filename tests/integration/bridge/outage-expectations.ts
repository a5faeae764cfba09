import { OUTAGES, type OutageReport } from './outage-scenario';

/** The bridge keeps at most a few batches of records while it waits; more growth than this is a buffer without bound. */
const MOST_GROWTH_MB = 150;

export function expectOutageSurvived(report: OutageReport): void {
  const kind = OUTAGES[report.outage];
  expect(report.wrong).toEqual([]);
  expect(report.faults).toEqual([]);
  expect(report.deadLetters).toBe(0);
  expect(report.residentPeakMb).toBeLessThan(report.residentBeforeMb + MOST_GROWTH_MB);
  expect(report.epochs).toBe('loses' in kind ? 2 : 1);
  if ('instant' in kind) return;
  expect(report.namedAfterMs).not.toBeNull();
  expect(report.namedAfterMs).toBeLessThanOrEqual(10_000);
  expect(report.readyWhileAway).toBe(0);
}
