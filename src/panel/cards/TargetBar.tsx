import React from 'react';
import { useStyles2, useTheme2 } from '@grafana/ui';
import { t } from '../../locales/translate';
import type { Target } from '../reading/card-model';
import { BAR_HEIGHT, SMALL_LINE } from './card-layout';
import { getCardStyles } from './card-styles';

interface TargetBarProps {
  /** Null: none; its place is kept, so that cards beside each other line up. */
  readonly target: Target | null;
  readonly size: number;
  /** Text and bar take the colour around them, on a coloured card. */
  readonly plain: boolean;
}

/** How much of the target is reached (or used up, where the value should stay below it). */
export function TargetBar({ target, size, plain }: TargetBarProps) {
  const styles = useStyles2(getCardStyles);
  const { colors } = useTheme2();
  if (target === null) {
    return (
      <div style={{ fontSize: size, height: Math.ceil(size * SMALL_LINE) + BAR_HEIGHT, flex: 'none' }} />
    );
  }
  const percent = Math.round(Math.min(target.share, 99.99) * 100);
  const missed = target.atMost && !target.reached;
  const color = plain
    ? 'currentColor'
    : missed
      ? colors.error.main
      : target.reached
        ? colors.success.main
        : colors.info.main;
  const values = { percent, target: target.text };
  const text = target.atMost
    ? target.reached
      ? t('target.at-most', '{{percent}}% of at most {{target}}', values)
      : t('target.over', '{{percent}}%, over {{target}}', values)
    : t('target.of', '{{percent}}% of {{target}}', values);
  return (
    <div style={{ fontSize: size, flex: 'none' }}>
      <div className={styles.small}>{text}</div>
      <div
        className={styles.bar}
        style={{ height: BAR_HEIGHT }}
        role="progressbar"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.min(100, percent)}
        aria-valuetext={
          target.reached
            ? t('target.spoken-reached', '{{percent}}% of the target {{target}}, reached', values)
            : t('target.spoken', '{{percent}}% of the target {{target}}', values)
        }
        aria-label={t('target.label', 'Target')}
      >
        <div className={styles.filled} style={{ width: `${Math.min(100, percent)}%`, background: color }} />
      </div>
    </div>
  );
}
