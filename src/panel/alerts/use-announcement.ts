import { useEffect, useRef, useState } from 'react';
import { t } from '../../locales/translate';
import type { AlertModel } from '../reading/alert-model';
import { spokenAlert } from '../reading/alerts';

/**
 * What to say of alerts that are new since the last look: the first look says nothing, a revision says nothing, and
 * neither does an old alert that a wider range or a changed filter brings in.
 */
export class AlertAnnouncer {
  private known: Set<string> | undefined;
  private newestSeen = -Infinity;

  /** @returns a sentence, or undefined when nothing new came */
  look(alerts: readonly AlertModel[]): string | undefined {
    const before = this.known;
    const fresh =
      before === undefined
        ? []
        : alerts.filter(({ id, firstSeen }) => !before.has(id) && (firstSeen ?? Infinity) > this.newestSeen);
    this.known = new Set([...(before ?? []), ...alerts.map(({ id }) => id)]);
    if (this.known.size > MOST_KNOWN) this.known = new Set(alerts.map(({ id }) => id));
    for (const { firstSeen } of alerts) this.newestSeen = Math.max(this.newestSeen, firstSeen ?? -Infinity);
    const [newest] = fresh;
    if (newest === undefined) return undefined;
    return fresh.length === 1
      ? t('alerts.announce-one', 'New {{alert}}', { alert: spokenAlert(newest) })
      : t('alerts.announce-many', '{{count, number}} new alerts. Newest: {{alert}}', {
          count: fresh.length,
          alert: spokenAlert(newest),
        });
  }
}

const MOST_KNOWN = 2000;

/** The text for a live region; it changes when new alerts come. */
export function useAnnouncement(alerts: readonly AlertModel[]): string {
  const announcer = useRef<AlertAnnouncer>(undefined);
  const [says, setSays] = useState('');
  useEffect(() => {
    announcer.current ??= new AlertAnnouncer();
    const news = announcer.current.look(alerts);
    if (news !== undefined) setSays(news);
  }, [alerts]);
  return says;
}
