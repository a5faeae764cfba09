import { killWhileIngesting } from './killed-while-ingesting';

test('kill -9 while events come in, five times: what was acknowledged is there exactly once', async () => {
  const report = await killWhileIngesting(5, 3);
  expect(report.found).toEqual(report.expected);
  expect(report.acknowledged).toBeGreaterThan(1_000);
  expect(report.cutOffCounted + report.cutOffLost).toBeGreaterThanOrEqual(5);
  expect(report.expected.highActivity.size).toBeGreaterThan(0);
});
