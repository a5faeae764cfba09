import type { IconName } from '@grafana/ui';
import type { HopModel, HopState, SystemModel } from '../reading/system-status';
import type { ConnectionModel } from '../reading/connection';
import type { Tone } from './connection-words';

interface HopWords {
  readonly name: string;
  readonly icon: IconName;
  readonly tone: Tone;
}

export const HOP_WORDS: Readonly<Record<HopState, HopWords>> = {
  ok: { name: 'OK', icon: 'check-circle', tone: 'good' },
  failing: { name: 'Failing', icon: 'times-circle', tone: 'bad' },
  unknown: { name: 'Unknown', icon: 'question-circle', tone: 'plain' },
};

/**
 * The hops as far as they can be known now: while the bridge does not answer, nothing is known of what is behind it.
 */
export function hopsNow(system: SystemModel, connection: ConnectionModel): HopModel[] {
  if (connection.state !== 'error' && connection.state !== 'disconnected') return [...system.hops];
  const last = (state: HopState): string => `Last known: ${HOP_WORDS[state].name}.`;
  return system.hops.map(({ name, state }) =>
    name === 'Bridge'
      ? { name, state: 'unknown', message: connection.message || 'It does not answer.' }
      : { name, state: 'unknown', message: last(state) },
  );
}
