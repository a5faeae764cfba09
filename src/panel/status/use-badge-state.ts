import { useOverdue } from '../clock/use-ticked';
import type { ConnectionModel, ShownConnection } from '../reading/connection';
import type { BadgeState } from './connection-words';

/** A live answer without a message for this long counts as stale: the bridge sends one every few seconds. */
const SILENCE_MS = 45_000;
/** Queries with a longer interval are stale after this many intervals. */
const MISSED_POLLS = 3;

const MOVING: readonly ShownConnection[] = ['connected', 'scheduled', 'polling'];

/** The state as shown: what should move and does not is stale. */
export function useBadgeState(connection: ConnectionModel): BadgeState {
  const { state, asOf, everyMs } = connection;
  const moves = MOVING.includes(state);
  const silence = Math.max(SILENCE_MS, MISSED_POLLS * (everyMs ?? 0));
  const isOld = useOverdue(moves ? connection.staleFrom : null);
  const isSilent = useOverdue(moves && asOf !== null ? asOf + silence : null);
  return isOld || isSilent ? 'stale' : state;
}
