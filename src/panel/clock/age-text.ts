import { t } from '../../locales/translate';
/** `just now`, `12 s ago`, `3 min ago`, `2 h ago`, `4 d ago`: how long something is past; the future is `just now`. */
export function ageText(at: number, now: number): string {
  const seconds = Math.floor((now - at) / 1000);
  if (seconds < 2) return t('age.now', 'just now');
  if (seconds < 60) return t('age.seconds', '{{seconds}} s ago', { seconds });
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return t('age.minutes', '{{minutes}} min ago', { minutes });
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return t('age.hours', '{{hours}} h ago', { hours });
  return t('age.days', '{{days}} d ago', { days: Math.floor(hours / 24) });
}

/** A lag in words: `0 s`, `45 s`, `12 min`; a negative lag is `0 s`. */
export function lengthText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 90) return t('length.seconds', '{{length, number}} s', { length: seconds });
  const minutes = Math.floor(seconds / 60);
  if (minutes < 90) return t('length.minutes', '{{length, number}} min', { length: minutes });
  const hours = Math.floor(minutes / 60);
  return hours < 48
    ? t('length.hours', '{{length, number}} h', { length: hours })
    : t('length.days', '{{length, number}} d', { length: Math.floor(hours / 24) });
}
