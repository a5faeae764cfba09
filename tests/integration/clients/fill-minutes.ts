import type { BridgeProcess } from '../../support/bridge-process';
import { ingest, putProfiles } from '../../support/embedded-bridge';
import { MINUTE_MS } from '../../support/raw-events';

export interface History {
  readonly segments: number;
  readonly minutes: number;
}

const EVENTS_A_CALL = 9_000;

/** Ingests one event for each segment and minute up to now; resolves to the first minute, in ms since the epoch. */
export async function fillMinutes(bridge: BridgeProcess, { segments, minutes }: History): Promise<number> {
  const users = Array.from({ length: segments }, (_, i) => `user-${i}`);
  await putProfiles(bridge, Object.fromEntries(users.map((user) => [user, `segment-of-${user}`])));
  const firstMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - minutes * MINUTE_MS;
  const events: object[] = [];
  for (let minute = 0; minute < minutes; minute += 1) {
    const timestamp = firstMs + minute * MINUTE_MS;
    for (const user_id of users) events.push({ user_id, event_type: 'page_view', timestamp, properties: {} });
  }
  for (let from = 0; from < events.length; from += EVENTS_A_CALL)
    await ingest(bridge, events.slice(from, from + EVENTS_A_CALL));
  return firstMs;
}
