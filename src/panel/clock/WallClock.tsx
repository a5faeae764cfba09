import React, { useCallback } from 'react';
import { dateTimeFormat, getTimeZone, timeZoneAbbrevation, type TimeZone } from '@grafana/data';
import { t } from '../../locales/translate';
import { useTicked } from './use-ticked';

/** The time of day in the dashboard's time zone, with the zone's short name; its full one for screen readers. */
export function WallClock({ timeZone }: { readonly timeZone: TimeZone }) {
  const time = useTicked(
    useCallback((now: number) => dateTimeFormat(now, { timeZone, format: 'HH:mm:ss' }), [timeZone]),
  );
  const zone = zoneInEffect(timeZone);
  const short = useTicked(
    useCallback((now: number) => timeZoneAbbrevation(now, { timeZone: zone }) || zone, [zone]),
  );
  return (
    <span role="timer" aria-live="off" aria-label={t('clock.label', 'Current time, {{zone}}', { zone })}>
      {time} <span style={{ fontSize: '0.75em' }}>{short}</span>
    </span>
  );
}

/** The time zone's own name, also where the dashboard only says that it goes by the browser's. */
function zoneInEffect(timeZone: TimeZone): string {
  const zone = getTimeZone({ timeZone });
  if (zone === 'browser') return Intl.DateTimeFormat().resolvedOptions().timeZone;
  return zone === 'utc' ? 'UTC' : zone;
}
