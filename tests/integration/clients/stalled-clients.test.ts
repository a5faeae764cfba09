import { CLIENT_BUFFER_BYTES, runStalled } from './stalled-clients';
import { othersWaitNoLonger } from './stalled-comparison';

const CLIENTS = 1_000;
const STALLING = 50;
const PAIRS = 5;
/** The one long answer that a client may be in the middle of, beside its buffer. */
const SNAPSHOT_BYTES = 500_000;

test('of 1,000 clients 50 stop reading: the others wait no longer, memory is bounded, the stalled go', async () => {
  const report = await runStalled({
    clients: CLIENTS,
    stalling: STALLING,
    pairs: PAIRS,
    // A neighbour's burst spoils a run of a second; clients that wait for stalled ones wait in every run.
    maxPairs: 40,
    secondsARun: 1.5,
    ticksASecond: 20,
  });
  console.log(JSON.stringify(report));
  expect(report.clients).toBe(CLIENTS);
  // On a busy machine updates of a point conflate; those that came are enough for a p99.
  expect(report.samplesARun).toBeGreaterThan(0.2 * (CLIENTS - STALLING) * 30);
  const allRead = report.p99AllRead.slice(-PAIRS);
  const someStalled = report.p99SomeStalled.slice(-PAIRS);
  expect({ allRead, someStalled, fine: othersWaitNoLonger(allRead, someStalled) }).toMatchObject({
    fine: true,
  });

  // They did stall, and what was kept for them had its bound.
  expect(report.highestQueueBytes).toBeGreaterThan((STALLING * CLIENT_BUFFER_BYTES) / 4);
  expect(report.highestQueueBytes).toBeLessThan(STALLING * (CLIENT_BUFFER_BYTES * 2 + SNAPSHOT_BYTES));
  expect(report.highestMb - report.connectedMb).toBeLessThan(250);
  // Who reads on in time catches up, told all anew where the newest values did not fit; who does not is let go; the
  // others never notice.
  const { end } = report;
  expect(end).toMatchObject({ readOn: 25, caughtUp: 25, othersOpen: CLIENTS - STALLING });
  expect(end.resynced).toBeLessThanOrEqual(25);
  expect(end.closeCodes).toEqual({ '4408': 25 });
}, 600_000);
