import React from 'react';
import { useStyles2 } from '@grafana/ui';
import { t } from '../../locales/translate';
import type { DeltaAs } from '../options/panel-options';
import type { CardModel } from '../reading/card-model';
import { wholeText } from '../reading/shown-value';
import { visuallyHidden } from '../visually-hidden';
import { getCardStyles } from './card-styles';
import { deltaText } from './delta-text';

interface DeltaMarkProps {
  readonly card: Pick<CardModel, 'delta'>;
  readonly as: DeltaAs;
  readonly size: number;
}

const ARROWS = { up: '▲', down: '▼', same: '=' } as const;
const directionWord = (direction: 'up' | 'down' | 'same'): string =>
  ({
    up: t('delta.up', 'up'),
    down: t('delta.down', 'down'),
    same: t('delta.same', 'unchanged'),
  })[direction];

/** The change of a value: an arrow, signed text and, where one direction is better, a sign and a word for it. */
export function DeltaMark({ card, as, size }: DeltaMarkProps) {
  const styles = useStyles2(getCardStyles);
  const { delta } = card;
  // Where there is nothing to compare, its place is kept.
  if (delta === null) return <span className={styles.delta} style={{ fontSize: size }} />;
  const tone = delta.good === null ? styles.neutral : delta.good ? styles.good : styles.bad;
  const judgement =
    delta.good === null ? '' : delta.good ? t('delta.better', ', better') : t('delta.worse', ', worse');
  const sign = delta.good === null ? '' : delta.good ? '✓' : '!';
  const inFull = `${delta.versus}: ${wholeText(delta.base)}${judgement}`;
  return (
    <span className={`${styles.delta} ${tone}`} style={{ fontSize: size }} title={inFull}>
      {delta.judged && (
        <span aria-hidden="true" className={styles.judgement} data-testid="streamkpi-judgement">
          {sign}
        </span>
      )}
      <span aria-hidden="true" className={styles.arrow}>
        {ARROWS[delta.direction]}{' '}
      </span>
      <span className={visuallyHidden}>{directionWord(delta.direction)} </span>
      {deltaText(delta, as)}
      <span className={visuallyHidden}>
        {' '}
        {t('delta.against', 'against {{versus}}', { versus: delta.versus })}
        {judgement}
      </span>
    </span>
  );
}
