import { runStalled } from '../integration/clients/stalled-clients';
import { othersWaitNoLonger } from '../integration/clients/stalled-comparison';

test('of 1,000 clients 50 stop reading for ten seconds at a time, five times', async () => {
  const report = await runStalled({
    clients: 1_000,
    stalling: 50,
    pairs: 5,
    maxPairs: 5,
    secondsARun: 10,
    ticksASecond: 20,
    slowClientTimeoutMs: 30_000,
  });
  console.log(JSON.stringify(report));
  expect(othersWaitNoLonger(report.p99AllRead, report.p99SomeStalled)).toBe(true);
  expect(report.end).toMatchObject({ caughtUp: 25, othersOpen: 950 });
  expect(report.end.closeCodes).toEqual({ '4408': 25 });
}, 400_000);
