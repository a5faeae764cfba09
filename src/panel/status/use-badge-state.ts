import { usePassed } from '../clock/use-ticked';
import type { ConnectionModel } from '../reading/connection';
import type { BadgeState } from './connection-words';

/** A live answer nothing has been heard of for this long is no longer believed: the bridge speaks every few seconds. */
const SILENCE_MS = 45_000;

/** The state as shown: what should move and does not is stale. */
export function useBadgeState(connection: ConnectionModel): BadgeState {
  const moves = connection.state === 'connected' || connection.state === 'polling';
  const silentFrom = connection.asOf === null ? null : connection.asOf + SILENCE_MS;
  const isOld = usePassed(moves ? connection.staleFrom : null);
  const isSilent = usePassed(moves ? silentFrom : null);
  return isOld || isSilent ? 'stale' : connection.state;
}
