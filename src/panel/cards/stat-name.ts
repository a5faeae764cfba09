import { t } from '../../locales/translate';
import type { Stat } from '../reading/card-model';

/** In the user's language. */
export const statName = (name: Stat['name']): string =>
  ({
    min: t('cards.stats.min', 'Min'),
    max: t('cards.stats.max', 'Max'),
    avg: t('cards.stats.avg', 'Avg'),
    expected: t('cards.stats.expected', 'Expected'),
    lower: t('cards.stats.lower', 'Lower'),
    upper: t('cards.stats.upper', 'Upper'),
  })[name];
