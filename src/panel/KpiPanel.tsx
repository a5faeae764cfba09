import React, { useMemo } from 'react';
import { LoadingState, type PanelProps } from '@grafana/data';
import { t } from '../locales/translate';
import { AlertList } from './alerts/AlertList';
import { KpiCards } from './cards/KpiCards';
import { ClockOffset } from './clock/use-ticked';
import { completeOptions } from './options/complete-options';
import type { KpiPanelOptions } from './options/panel-options';
import { panelLayout, type SectionBox } from './panel-layout';
import { hasQueries, isSnapshot } from './reading/panel-queries';
import { Hint } from './states/Hint';
import { lacksDataSource, NoDataSource } from './states/NoDataSource';
import { ScrollArea } from './states/ScrollArea';
import { ConnectionHeader } from './status/ConnectionHeader';
import { SystemStatus } from './status/SystemStatus';
import { usePanelReading, type PanelReading } from './use-panel-reading';

/** KPI cards, alerts and the state of their pipeline: the sections that the options or the queries select. */
export function KpiPanel(props: PanelProps<KpiPanelOptions>) {
  const { data, timeZone } = props;
  // A panel of one grid unit is lower than its own frame: Grafana hands down less than nothing.
  const width = Math.max(0, props.width);
  const height = Math.max(0, props.height);
  const options = useMemo(() => completeOptions(props.options), [props.options]);
  const reading = usePanelReading({ ...props, options });
  const layout = useMemo(
    () =>
      panelLayout(width, height, reading.sections, {
        alertRows: options.alerts.show,
        cards: reading.cards.cards.length,
      }),
    [width, height, reading.sections, options.alerts.show, reading.cards.cards.length],
  );
  if (data.series.length === 0) return <Nothing {...props} width={width} height={height} />;
  // The panel's own title names a part that is alone in it.
  const isTitled = layout.boxes.length > 1 || props.title.trim() === '';
  const sections = layout.boxes.map((box) => (
    <div
      key={box.section}
      style={{ position: 'absolute', left: box.left, top: box.top, width: box.width, height: box.height }}
    >
      <SectionOf box={box} titled={isTitled} reading={reading} options={options} timeZone={timeZone} />
    </div>
  ));
  const place = { position: 'relative', width, height, overflowX: 'hidden' } as const;
  return (
    <ClockOffset.Provider value={reading.clockOffset}>
      {layout.height > height ? (
        <ScrollArea label={t('panel.label', 'KPI panel')} style={{ ...place, overflowY: 'auto' }}>
          {sections}
        </ScrollArea>
      ) : (
        <div style={{ ...place, overflowY: 'hidden' }}>{sections}</div>
      )}
    </ClockOffset.Provider>
  );
}

interface SectionOfProps {
  readonly box: SectionBox;
  /** With a heading of its own. */
  readonly titled: boolean;
  readonly reading: PanelReading;
  readonly options: KpiPanelOptions;
  readonly timeZone: string;
}

function SectionOf({ box, titled, reading, options, timeZone }: SectionOfProps) {
  const { width, height } = box;
  const place = { width, height, timeZone };
  switch (box.section) {
    case 'connection':
      return <ConnectionHeader {...place} connection={reading.connection} />;
    case 'cards':
      return <KpiCards {...place} {...reading.cards} options={options.cards} />;
    case 'alerts':
      return <AlertList {...place} titled={titled} alerts={reading.alerts} options={options.alerts} />;
    case 'status':
      return (
        <SystemStatus
          {...place}
          titled={titled}
          system={reading.system}
          connection={reading.connection}
          statusConnection={reading.statusConnection}
          alerts={reading.alerts}
          noHops={reading.noHops}
        />
      );
  }
}

/** No frame at all: still loading, failed, or no query. */
function Nothing({ data, width, height }: PanelProps<KpiPanelOptions>) {
  const size = { width, height };
  if (data.state === LoadingState.Loading || data.state === LoadingState.NotStarted) {
    return (
      <Hint
        {...size}
        icon="hourglass"
        title={t('panel.loading.title', 'Loading')}
        text={t('panel.loading.text', 'Waiting for the first answer.')}
      />
    );
  }
  if (data.state === LoadingState.Error) {
    if (!hasQueries(data) && lacksDataSource()) return <NoDataSource {...size} />;
    const why =
      data.errors?.[0]?.message ??
      data.error?.message ??
      t('panel.failed.unknown', 'The data source gave no reason.');
    return (
      <Hint
        {...size}
        tone="bad"
        icon="exclamation-triangle"
        title={t('panel.failed.title', 'Query failed')}
        text={why}
      />
    );
  }
  return <Hint {...size} title={t('panel.no-data', 'No data')} text={whyNothing(data)} />;
}

const addQuery = (): string =>
  t(
    'panel.add-query',
    'Add a query: of type KPI summary for cards, Events for alerts, Status for the pipeline. Numbers of other data sources become cards too.',
  );

/** Only a panel without a query needs one. */
function whyNothing(data: PanelProps['data']): string {
  if (isSnapshot(data)) return t('panel.snapshot', 'This panel had not loaded when the snapshot was taken.');
  return hasQueries(data) ? t('panel.nothing', 'The queries of this panel returned nothing.') : addQuery();
}
