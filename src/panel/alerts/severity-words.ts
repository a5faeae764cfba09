import type { IconName } from '@grafana/ui';
import { t } from '../../locales/translate';
import type { Severity } from '../severity';
import type { Tone } from '../status/connection-words';

interface SeverityWords {
  readonly name: string;
  readonly icon: IconName;
  readonly tone: Tone;
}

export const severityWords = (severity: Severity): SeverityWords =>
  (
    ({
      critical: { name: t('events.severity.critical', 'Critical'), icon: 'exclamation-circle', tone: 'bad' },
      warning: { name: t('events.severity.warning', 'Warning'), icon: 'exclamation-triangle', tone: 'warn' },
      info: { name: t('events.severity.info', 'Info'), icon: 'info-circle', tone: 'info' },
    }) as const
  )[severity];
