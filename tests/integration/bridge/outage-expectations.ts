import { OUTAGES, type OutageReport } from './outage-scenario';

/** The bridge keeps at most a few batches of records while it waits; more growth than this is a buffer without bound. */
const MOST_GROWTH_MB = 150;

export function expectOutageSurvived(report: OutageReport): void {
  const kind = OUTAGES[report.outage];
  expect(report.wrong).toEqual([]);
  // What the disk lost is gone from the answers too until it is read again; nothing else may go back.
  const faults = report.faults.filter((fault) => !('rollsBack' in kind && fault.includes('went back')));
  expect(faults).toEqual([]);
  expect(report.deadLetters).toBe(0);
  expect(report.residentPeakMb).toBeLessThan(report.residentBeforeMb + MOST_GROWTH_MB);
  if ('instant' in kind) {
    expect(report.epochs).toBe(2);
    return;
  }
  expect(report.epochs).toBe(1);
  expect(report.namedAfterMs).not.toBeNull();
  expect(report.namedAfterMs).toBeLessThanOrEqual(2_000);
  expect(report.readyWhileAway).toBe(0);
}
