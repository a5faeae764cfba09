import { killWhileIngesting } from '../integration/embedded/killed-while-ingesting';

test('kill -9 while events come in, fifty times', async () => {
  const report = await killWhileIngesting(50, 4);
  const { kills, acknowledged, cutOffCounted, cutOffLost } = report;
  console.log(JSON.stringify({ kills, acknowledged, cutOffCounted, cutOffLost }));
  expect(report.found).toEqual(report.expected);
}, 600_000);
