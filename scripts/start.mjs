/** npm start: the demo for a newcomer. Nothing but Node is needed. */
import { ensureBridge, ensurePackages, runForeground } from './ensure.mjs';

ensurePackages();
ensureBridge();

const port = process.env.BRIDGE_PORT || '8765';
const address = `http://127.0.0.1:${port}`;
runForeground('backend-bridge/dist/main.js', [], {
  BRIDGE_PORT: port,
  LOG_LEVEL: process.env.LOG_LEVEL || 'warn',
});

/** The newest whole minute of events, to show that numbers are there. */
async function newestNumber() {
  const now = Date.now();
  const answer = await fetch(`${address}/api/v1/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ metric: 'events_per_minute', from_ms: now - 3_600_000, to_ms: now, group_by: [] }),
  });
  const [series] = (await answer.json()).series ?? [];
  return series === undefined ? null : { points: series.times.length, newest: series.values.at(-1) };
}

for (;;) {
  await new Promise((resolve) => setTimeout(resolve, 250));
  const ready = await fetch(`${address}/readyz`).catch(() => null);
  if (ready === null || !ready.ok) continue;
  const number = await newestNumber();
  if (number === null || number.points < 2) continue;
  console.log(`
StreamKPI runs: the embedded pipeline with demo traffic, the embedded store, no Kafka, no Redis.

  metrics    ${address}/api/v1/metrics
  status     ${address}/api/v1/status
  live       ws://127.0.0.1:${port}   (e.g. npx wscat -c ws://127.0.0.1:${port})
  a query    curl -s ${address}/api/v1/query -H 'content-type: application/json' \\
               -d '{"metric":"events_per_minute","from_ms":'$(($(date +%s)-3600))000',"to_ms":'$(date +%s)000'}'

  events_per_minute over the last hour: ${number.points} minutes so far, the newest stands at ${number.newest}; it moves.
  Ctrl-C ends it; what it has stored lies in ${process.env.STORE_PATH || './data'}.
`);
  break;
}
