import type { IconName } from '@grafana/ui';
import { t } from '../../locales/translate';
import type { HopModel, HopState, SystemModel } from '../reading/system-status';
import type { ConnectionModel } from '../reading/connection';
import type { Tone } from './connection-words';

interface HopWords {
  readonly name: string;
  readonly icon: IconName;
  readonly tone: Tone;
}

export const hopWords = (state: HopState): HopWords =>
  (
    ({
      ok: { name: t('hop.ok', 'OK'), icon: 'check-circle', tone: 'good' },
      failing: { name: t('hop.failing', 'Failing'), icon: 'times-circle', tone: 'bad' },
      unknown: { name: t('hop.unknown', 'Unknown'), icon: 'question-circle', tone: 'plain' },
    }) as const
  )[state];

/** Display name of a hop; product names and the bridge's own names are not translated. */
export function hopTitle(name: string): string {
  const titles: Readonly<Record<string, string>> = {
    Bridge: t('hop.bridge', 'Bridge'),
    Clock: t('hop.clock', 'Clock'),
    Pipeline: t('hop.pipeline', 'Pipeline'),
    Source: t('hop.source', 'Source'),
    Store: t('hop.store', 'Store'),
  };
  return titles[name] ?? name;
}

/**
 * The hops as far as they can be known now: while the bridge does not answer, nothing is known of what is behind it.
 */
export function hopsNow(system: SystemModel, connection: ConnectionModel): HopModel[] {
  if (connection.state !== 'error' && connection.state !== 'disconnected') return [...system.hops];
  const last = (state: HopState): string =>
    t('hop.last-known', 'Last known: {{state}}.', { state: hopWords(state).name });
  return system.hops.map(({ name, state }) =>
    name === 'Bridge'
      ? { name, state: 'unknown', message: connection.message || t('hop.no-answer', 'It does not answer.') }
      : { name, state: 'unknown', message: last(state) },
  );
}
