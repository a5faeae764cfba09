import type { GrafanaTheme2 } from '@grafana/data';
import type { IconName } from '@grafana/ui';
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
  /** What it means, where the frames give no reason of their own. */
  readonly meaning: string;
}

export const CONNECTION_WORDS: Readonly<Record<BadgeState, Words>> = {
  connected: {
    name: 'Connected',
    icon: 'check-circle',
    tone: 'good',
    meaning: 'Live: changes come as they happen.',
  },
  stale: {
    name: 'Stale',
    icon: 'history',
    tone: 'warn',
    meaning: 'The connection stands, but no new data came in the expected time.',
  },
  reconnecting: {
    name: 'Reconnecting',
    icon: 'sync',
    tone: 'warn',
    meaning: 'The connection was lost and is being made again; the numbers are the last known ones.',
  },
  scheduled: {
    name: 'On schedule',
    icon: 'check-circle',
    tone: 'good',
    meaning: 'Asked again at fixed times, as is meant for the status and for shifted queries.',
  },
  polling: { name: 'Polling', icon: 'clock-nine', tone: 'info', meaning: 'Asked again from time to time.' },
  disconnected: {
    name: 'Disconnected',
    icon: 'times-circle',
    tone: 'bad',
    meaning: 'Nothing keeps these numbers up to date.',
  },
  static: {
    name: 'Static',
    icon: 'pause-circle',
    tone: 'plain',
    meaning: 'One answer; refresh the dashboard for a newer one.',
  },
  unknown: {
    name: 'Unknown',
    icon: 'question-circle',
    tone: 'plain',
    meaning: 'These frames do not say how they are kept up to date.',
  },
  error: {
    name: 'Query failed',
    icon: 'exclamation-triangle',
    tone: 'bad',
    meaning: 'The last query failed; the numbers are the last known ones.',
  },
};

/** What a state is called on this panel: of what is asked at fixed times, how often. */
export const connectionName = (state: BadgeState, { everyMs }: ConnectionModel): string =>
  state === 'scheduled' && everyMs !== null ? `Every ${lengthText(everyMs)}` : CONNECTION_WORDS[state].name;

export const toneColor = (tone: Tone, theme: GrafanaTheme2): string =>
  ({
    good: theme.colors.success.text,
    warn: theme.colors.warning.text,
    bad: theme.colors.error.text,
    info: theme.colors.info.text,
    plain: palette(theme).text.secondary,
  })[tone];
