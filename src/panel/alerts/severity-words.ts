import type { IconName } from '@grafana/ui';
import type { Severity } from '../severity';
import type { Tone } from '../status/connection-words';

interface SeverityWords {
  readonly name: string;
  readonly icon: IconName;
  readonly tone: Tone;
}

export const SEVERITY_WORDS: Readonly<Record<Severity, SeverityWords>> = {
  critical: { name: 'Critical', icon: 'exclamation-circle', tone: 'bad' },
  warning: { name: 'Warning', icon: 'exclamation-triangle', tone: 'warn' },
  info: { name: 'Info', icon: 'info-circle', tone: 'info' },
};
