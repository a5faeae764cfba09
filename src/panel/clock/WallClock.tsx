import React, { useCallback } from 'react';
import { dateTimeFormat, timeZoneAbbrevation, type TimeZone } from '@grafana/data';
import { useTicked } from './use-ticked';

/** The time of day in the dashboard's time zone, with the zone's name. */
export function WallClock({ timeZone }: { readonly timeZone: TimeZone }) {
  const time = useTicked(
    useCallback((now: number) => dateTimeFormat(now, { timeZone, format: 'HH:mm:ss' }), [timeZone]),
  );
  const zone = useTicked(useCallback((now: number) => timeZoneAbbrevation(now, { timeZone }), [timeZone]));
  return (
    <span role="timer" aria-live="off" aria-label={`Current time, ${zone}`}>
      {time} <span style={{ fontSize: '0.75em' }}>{zone}</span>
    </span>
  );
}
