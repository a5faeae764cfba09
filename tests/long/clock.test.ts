import { startKafka, type KafkaBroker } from '../support/kafka';
import { DEAD_LETTERS } from '../integration/bridge/bridge-rig';
import {
  setClocks,
  type ClockJump,
  type ClockReport,
  type ClockReports,
} from '../integration/bridge/clock-scenario';

const HOUR_MS = 3_600_000;
/** Longer than a consumer may be silent, and than the idle time of the metrics. */
const AWAY_MS = 150_000;
const READ_WITHIN_MS = 30_000;
const WORDS: Readonly<Record<number, string>> = {
  [26 * HOUR_MS]: '26 h ahead',
  [-26 * HOUR_MS]: '26 h behind',
  [HOUR_MS]: '60 min ahead',
  [-HOUR_MS]: '60 min behind',
};
// Redis confirms the time that the bridge has counted; beside an embedded store nothing does.
const MEANWHILE = {
  redis: 'until then this bridge goes by the clock of Redis$',
  lmdb: 'until it is back nothing expires and no window becomes final',
} as const;
const JUMPS = (['lmdb', 'redis'] as const).flatMap((store) =>
  Object.keys(WORDS).map((ms): ClockJump => ({ store, aheadMs: Number(ms) })),
);

describe('clocks that are wrong for minutes while records come in', () => {
  let kafka: KafkaBroker;
  let reports: ClockReports;
  beforeAll(async () => {
    kafka = await startKafka();
    await kafka.createTopic(DEAD_LETTERS);
    const lengths = { beforeMs: 25_000, awayMs: AWAY_MS, afterMs: 35_000 };
    reports = await setClocks({ kafka, jumps: JUMPS, skewMs: HOUR_MS / 6, ...lengths });
    const { jumps, skew, records } = reports;
    const figures = [...jumps, skew].map((report) => ({ ...report, found: undefined }));
    for (const each of figures) process.stdout.write(`${JSON.stringify({ records, ...each })}\n`);
  }, 600_000);
  afterAll(() => kafka.stop(), 30_000);

  const reportOf = (jump: ClockJump): ClockReport =>
    reports.jumps.find(({ store, aheadMs }) => store === jump.store && aheadMs === jump.aheadMs)!;

  it.each(JUMPS.map((jump) => [jump.store, WORDS[jump.aheadMs]!, jump] as const))(
    '%s, %s: named, nothing lost or final early, read on',
    (store, words, jump) => {
      const report = reportOf(jump);
      expect(report.faults).toEqual([]);
      expect(report.sentences.length).toBeGreaterThan(0);
      const said = `^The clock of this bridge is ${words} .*${MEANWHILE[store]}`;
      for (const sentence of report.sentences) expect(sentence).toMatch(new RegExp(said));
      expect(report.namedAfterMs).toBeLessThan(5_000);
      expect(report.readyWhileAway).toBe(0);
      expect(report.behindAwayMs).toBeLessThan(READ_WITHIN_MS);
      expect(report.readyAfterMs).toBeLessThan(READ_WITHIN_MS);
      expect(report.readAfterMs).toBeLessThan(READ_WITHIN_MS);
      if (store === 'redis') expect(report.closedWhileAway).toBeGreaterThanOrEqual(10);
      else expect(report.closedWhileAway).toBe(0);
      expect(report).toMatchObject({ deadLetters: 0, epochKept: true });
      expect(report.found).toEqual(reports.expected);
    },
  );

  it('two bridges in one group, the second ten minutes ahead: both name it, nothing lost or final early', () => {
    const { skew, expected } = reports;
    expect(skew.faults).toEqual([]);
    expect(skew.warnings.length).toBeGreaterThan(0);
    for (const warning of skew.warnings)
      expect(warning).toMatch(
        new RegExp(`^The clock of the bridge .*:${skew.skewedPort} is 10 min ahead of the clock of Redis`),
      );
    for (const sentence of skew.skewedSentences)
      expect(sentence).toMatch(/^The clock of this bridge is 10 min ahead of the clock of Redis/);
    expect(skew).toMatchObject({ rightNotReady: 0, skewedReady: 0, deadLetters: 0, partitions: [1, 1] });
    expect(skew.closed).toBeGreaterThanOrEqual(10);
    expect(skew.behindMs).toBeLessThan(READ_WITHIN_MS);
    for (const found of skew.found) expect(found).toEqual(expected);
  });
});
