import React, { useCallback } from 'react';
import { dateTimeFormat, type TimeZone } from '@grafana/data';
import { ageText } from './age-text';
import { useTicked } from './use-ticked';

interface AgeProps {
  /** Epoch ms. */
  readonly at: number;
  readonly timeZone: TimeZone;
  /** Before the absolute time in the title, e.g. `Last change`. */
  readonly says?: string;
}

/** How long ago something was; its title has the time itself in the dashboard's time zone. */
export function Age({ at, timeZone, says }: AgeProps) {
  const age = useTicked(useCallback((now: number) => ageText(at, now), [at]));
  const absolute = dateTimeFormat(at, { timeZone });
  return (
    <time dateTime={isoTime(at)} title={says === undefined ? absolute : `${says}: ${absolute}`}>
      {age}
    </time>
  );
}

/** Empty for a time that no calendar has. */
const isoTime = (at: number): string => (Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : '');
