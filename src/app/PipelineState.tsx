import React from 'react';
import { PanelRenderer } from '@grafana/runtime';
import { PANEL_ID } from '../frames/plugin-ids';
import { t } from '../locales/translate';
import { useStatus } from './use-status';
import { useWidth } from './use-width';

/** Where the figures are below one another, the hops need more room; px. */
const heightFor = (width: number): number => (width < 500 ? 460 : 260);

interface PipelineStateProps {
  readonly uid: string;
  /** Of the data source. */
  readonly name: string;
}

/** The status panel itself, so that this page and the dashboards say the same in the same words. */
export function PipelineState({ uid, name }: PipelineStateProps) {
  const data = useStatus(uid);
  const [element, width] = useWidth();
  const height = heightFor(width);
  return (
    <div ref={element} style={{ height }}>
      {width > 0 && (
        <PanelRenderer
          pluginId={PANEL_ID}
          title={t('app.state-of', 'State of {{name}}', { name })}
          data={data}
          options={{ version: 1, show: 'status' }}
          width={width}
          height={height}
        />
      )}
    </div>
  );
}
