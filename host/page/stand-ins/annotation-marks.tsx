import { css } from '@emotion/css';
import type { DataFrame, GrafanaTheme2 } from '@grafana/data';
import { useStyles2, type UPlotConfigBuilder } from '@grafana/ui';
import React, { useLayoutEffect, useState } from 'react';

interface Mark {
  readonly time: number;
  readonly text: string;
}

function marksOf(frames: readonly DataFrame[]): Mark[] {
  return frames.flatMap((frame) => {
    const column = (name: string): readonly unknown[] =>
      frame.fields.find((field) => field.name === name)?.values ?? [];
    const texts = column('text');
    const titles = column('title');
    return column('time').map((time, row) => ({
      time: Number(time),
      text: [titles[row], texts[row]].filter((part) => typeof part === 'string' && part !== '').join(': '),
    }));
  });
}

const styles = (theme: GrafanaTheme2) => ({
  mark: css({
    position: 'absolute',
    top: 0,
    bottom: 0,
    width: 0,
    borderLeft: `1px dashed ${theme.colors.info.main}`,
    pointerEvents: 'auto',
  }),
  layer: css({
    position: 'absolute',
    inset: 0,
    pointerEvents: 'none',
    overflow: 'hidden',
    listStyle: 'none',
    margin: 0,
  }),
});

interface Plot {
  valToPos(value: number, scale: string): number;
  readonly over: HTMLElement;
}

/** Annotations as upright lines, with their text for a pointer and for a screen reader. */
export function AnnotationMarks({
  config,
  frames,
}: {
  config: UPlotConfigBuilder;
  frames: readonly DataFrame[];
}) {
  const style = useStyles2(styles);
  // A new config makes a new plot; what an older one made is gone then.
  const [made, setMade] = useState<{ readonly config: UPlotConfigBuilder; readonly plot: Plot }>();
  const [, drawn] = useState('');
  useLayoutEffect(() => {
    config.addHook('init', (plot) => setMade({ config, plot }));
    // A new drawing may have moved the time axis.
    config.addHook('draw', ({ scales, width }) => {
      const { min, max } = scales['x'] ?? {};
      const place = `${min ?? ''} ${max ?? ''} ${width}`;
      queueMicrotask(() => drawn(place));
    });
  }, [config]);
  const marks = marksOf(frames);
  if (made?.config !== config || marks.length === 0) return null;
  const { plot } = made;
  const left = plot.over.offsetLeft;
  return (
    <ul className={style.layer} aria-label="Annotations" data-testid="annotations">
      {marks.map(({ time, text }) => {
        const x = plot.valToPos(time, 'x');
        const seen = x >= 0 && x <= plot.over.clientWidth;
        return seen ? (
          <li
            key={`${time} ${text}`}
            className={style.mark}
            style={{ left: left + x }}
            title={text}
            aria-label={text}
          />
        ) : null;
      })}
    </ul>
  );
}
