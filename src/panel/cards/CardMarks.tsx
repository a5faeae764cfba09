import React from 'react';
import { Icon, Tooltip, useStyles2 } from '@grafana/ui';
import { t } from '../../locales/translate';
import type { CardModel } from '../reading/card-model';
import { visuallyHidden } from '../visually-hidden';
import { getCardStyles } from './card-styles';

interface CardMarksProps {
  readonly card: CardModel;
  readonly old: boolean;
  readonly words: boolean;
}

/** What one should know before believing the number: it is old, its window is still open, or it is a coarse one. */
export function CardMarks({ card, old, words }: CardMarksProps) {
  const styles = useStyles2(getCardStyles);
  if (!old && !card.open && card.note === null) return null;
  const wordClass = words ? undefined : visuallyHidden;
  return (
    <span className={styles.marks}>
      {old && (
        <span
          className={`${styles.mark} ${styles.old}`}
          title={t('cards.stale-hint', 'No newer window arrived in the expected time')}
        >
          <Icon name="history" size="sm" />
          <span className={wordClass}>{t('cards.stale', 'Stale')}</span>
        </span>
      )}
      {card.open && (
        <span
          className={`${styles.mark} ${styles.open}`}
          title={t('cards.open-hint', 'This window is still open: its value may change')}
        >
          <Icon name="unlock" size="sm" />
          <span className={wordClass}>{t('cards.open', 'Open')}</span>
        </span>
      )}
      {card.note !== null && (
        <Tooltip content={card.note}>
          <button type="button" className={styles.note} aria-label={card.note}>
            <Icon name="info-circle" size="sm" />
          </button>
        </Tooltip>
      )}
    </span>
  );
}
