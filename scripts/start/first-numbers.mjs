/** Waits until the bridge has numbers of the demo's traffic. */

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** `{ points, newest }` of the last hour's events; null while there are none. Throws what the bridge refuses. */
async function newestNumber(bridgeUrl, token) {
  const now = Date.now();
  const answer = await fetch(`${bridgeUrl}/api/v1/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ metric: 'events_per_minute', from_ms: now - 3_600_000, to_ms: now, group_by: [] }),
  }).catch(() => null);
  if (answer === null) return null;
  const { series, error } = await answer.json();
  if (answer.status === 401 || answer.status === 403)
    throw new Error(
      `The bridge refuses to be asked: ${error.message} (npm start takes STREAMKPI_BRIDGE_TOKEN)`,
    );
  const [first] = series ?? [];
  return first === undefined ? null : { points: first.times.length, newest: first.values.at(-1) };
}

/** Resolves when two minutes of events are there; rejects when the bridge does not let itself be asked. */
export async function firstNumbers(bridgeUrl, token) {
  for (;;) {
    await pause(250);
    const ready = await fetch(`${bridgeUrl}/readyz`).catch(() => null);
    if (ready === null || !ready.ok) continue;
    const number = await newestNumber(bridgeUrl, token);
    if (number !== null && number.points >= 2) return number;
  }
}
