import { dateTime, LoadingState, type PanelData } from '@grafana/data';
import { PanelChrome } from '@grafana/ui';
import React, { useMemo } from 'react';
import { MINUTE, T0 } from '../../../src/panel/testing/frames';
import { Page } from '../pages/page';
import { PanelByPlugin } from '../panels/panel-by-plugin';
import { STATES, type PanelState, type StateGroup } from './states';

const PANEL = 'streamkpi-kpi-panel';
const RANGE = {
  from: dateTime(T0 - 55 * MINUTE),
  to: dateTime(T0 + 5 * MINUTE),
  raw: { from: 'now-1h', to: 'now' },
};

interface Size {
  readonly width: number;
  readonly height: number;
}

function Shown({ state, width, height }: Size & { readonly state: PanelState }) {
  const data = useMemo(
    (): PanelData => ({
      state: LoadingState.Streaming,
      series: [...state.frames],
      timeRange: RANGE,
      request: {} as NonNullable<PanelData['request']>,
      ...state.data,
    }),
    [state],
  );
  return (
    <PanelChrome title={state.name} width={width} height={height}>
      {(innerWidth, innerHeight) => (
        <PanelByPlugin
          pluginId={PANEL}
          title={state.name}
          data={data}
          width={innerWidth}
          height={innerHeight}
          timeZone="utc"
          options={state.options ?? {}}
          fieldConfig={{ defaults: state.config ?? {}, overrides: [] }}
        />
      )}
    </PanelChrome>
  );
}

const isGroup = (name: string | null): name is StateGroup => name !== null && name in STATES;

/**
 * `/panel-states?group=cards&width=380&height=260`: the app's panel with made-up frames, in everything that it can have
 * to show. For looking at it, and for the tests of its appearance.
 */
export function PanelStatesPage({ search }: { readonly search: URLSearchParams }) {
  const asked = search.get('group');
  const groups = isGroup(asked) ? [asked] : (Object.keys(STATES) as StateGroup[]);
  const size = {
    width: Number(search.get('width') ?? '380'),
    height: Number(search.get('height') ?? '260'),
  };
  return (
    <Page title="Panel states" bare={search.has('kiosk')}>
      {groups.map((group) => (
        <div key={group} style={{ display: 'flex', flexWrap: 'wrap', gap: 8, padding: 8 }}>
          {STATES[group].map((state) => (
            <Shown key={state.name} state={state} {...size} />
          ))}
        </div>
      ))}
    </Page>
  );
}
