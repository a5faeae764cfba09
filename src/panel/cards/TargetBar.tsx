import React from 'react';
import { useStyles2, useTheme2 } from '@grafana/ui';
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
  const says = target.atMost ? (target.reached ? ' of at most' : ', over') : ' of';
  return (
    <div style={{ fontSize: size, flex: 'none' }}>
      <div className={styles.small}>
        {percent}%{says} {target.text}
      </div>
      <div
        className={styles.bar}
        style={{ height: BAR_HEIGHT }}
        role="progressbar"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.min(100, percent)}
        aria-valuetext={`${percent}% of the target ${target.text}${target.reached ? ', reached' : ''}`}
        aria-label="Target"
      >
        <div className={styles.filled} style={{ width: `${Math.min(100, percent)}%`, background: color }} />
      </div>
    </div>
  );
}
