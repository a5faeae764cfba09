import type { GrafanaTheme2 } from '@grafana/data';
import type { IconName } from '@grafana/ui';
import { t } from '../../locales/translate';
import { lengthText } from '../clock/age-text';
import type { ConnectionModel, ShownConnection } from '../reading/connection';
import { palette } from '../theme-palette';

export type Tone = 'good' | 'warn' | 'bad' | 'info' | 'plain';
/** `stale`: connected or polling, and yet no new data for longer than it should be. */
export type BadgeState = ShownConnection | 'stale';

interface Words {
  readonly name: string;
  readonly icon: IconName;
  readonly tone: Tone;
  /** Default explanation, used if the frames contain no reason. */
  readonly meaning: string;
}

/** The words of a state, in the user's language. */
export const connectionWords = (state: BadgeState): Words => WORDS[state]();

const WORDS: Readonly<Record<BadgeState, () => Words>> = {
  connected: () => ({
    name: t('connection.connected.name', 'Connected'),
    icon: 'check-circle',
    tone: 'good',
    meaning: t('connection.connected.meaning', 'Live: changes are shown as they happen.'),
  }),
  stale: () => ({
    name: t('connection.stale.name', 'Stale'),
    icon: 'history',
    tone: 'warn',
    meaning: t('connection.stale.meaning', 'Connected, but no new data arrived in the expected time.'),
  }),
  reconnecting: () => ({
    name: t('connection.reconnecting.name', 'Reconnecting'),
    icon: 'sync',
    tone: 'warn',
    meaning: t(
      'connection.reconnecting.meaning',
      'The connection was lost and is being restored; the numbers are the last known ones.',
    ),
  }),
  scheduled: () => ({
    name: t('connection.scheduled.name', 'On schedule'),
    icon: 'check-circle',
    tone: 'good',
    meaning: t(
      'connection.scheduled.meaning',
      'Queried at a fixed interval, as intended for status and shifted queries.',
    ),
  }),
  polling: () => ({
    name: t('connection.polling.name', 'Polling'),
    icon: 'clock-nine',
    tone: 'info',
    meaning: t('connection.polling.meaning', 'Queried again at intervals.'),
  }),
  disconnected: () => ({
    name: t('connection.disconnected.name', 'Disconnected'),
    icon: 'times-circle',
    tone: 'bad',
    meaning: t('connection.disconnected.meaning', 'These numbers are not being updated.'),
  }),
  static: () => ({
    name: t('connection.static.name', 'Static'),
    icon: 'pause-circle',
    tone: 'plain',
    meaning: t('connection.static.meaning', 'One answer; refresh the dashboard for a newer one.'),
  }),
  unknown: () => ({
    name: t('connection.unknown.name', 'Unknown'),
    icon: 'question-circle',
    tone: 'plain',
    meaning: t('connection.unknown.meaning', 'These frames do not say how they are updated.'),
  }),
  error: () => ({
    name: t('connection.error.name', 'Query failed'),
    icon: 'exclamation-triangle',
    tone: 'bad',
    meaning: t('connection.error.meaning', 'The last query failed; the numbers are the last known ones.'),
  }),
};

/** Name of a state on this panel; for scheduled queries with their interval. */
export const connectionName = (state: BadgeState, { everyMs }: ConnectionModel): string =>
  state === 'scheduled' && everyMs !== null
    ? t('connection.every', 'Every {{length}}', { length: lengthText(everyMs) })
    : connectionWords(state).name;

export const toneColor = (tone: Tone, theme: GrafanaTheme2): string =>
  ({
    good: theme.colors.success.text,
    warn: theme.colors.warning.text,
    bad: theme.colors.error.text,
    info: theme.colors.info.text,
    plain: palette(theme).text.secondary,
  })[tone];
