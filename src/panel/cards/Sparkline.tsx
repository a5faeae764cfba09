import React, { memo, useMemo } from 'react';
import type { Trend } from '../reading/card-model';
import { trendPath } from './trend-path';

interface SparklineProps {
  readonly trend: Trend;
  readonly width: number;
  readonly height: number;
  readonly color: string;
  readonly label: string;
}

/**
 * A line of the range. Drawn as SVG and not with the Sparkline of @grafana/ui, which in current versions builds a new
 * canvas for every change: with many cards at several updates a second that costs more than all the rest.
 */
export const Sparkline = memo(function Sparkline({ trend, width, height, color, label }: SparklineProps) {
  const path = useMemo(() => trendPath(trend, width, height), [trend, width, height]);
  const stroke = Math.min(4, Math.max(1.5, height / 60));
  return (
    <svg
      role="img"
      aria-label={label}
      width={width}
      height={height}
      style={{ display: 'block', flex: 'none', overflow: 'visible' }}
    >
      {path !== null && (
        <g fill="none" stroke={color} strokeWidth={stroke} strokeLinecap="round" strokeLinejoin="round">
          <path d={path.area} fill={color} fillOpacity={0.12} stroke="none" />
          <path d={path.line} />
          {path.dots !== '' && <path d={path.dots} strokeWidth={stroke * 2.5} />}
          {path.openLine !== '' && (
            <path d={path.openLine} strokeDasharray={`${stroke * 0.7} ${stroke * 2}`} />
          )}
        </g>
      )}
    </svg>
  );
});
