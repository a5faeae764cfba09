import React from 'react';
import { act, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { OrgRole, type DataSourceInstanceSettings } from '@grafana/data';
import {
  config,
  setBackendSrv,
  setDataSourceSrv,
  type BackendSrv,
  type DataSourceSrv,
  type PanelRendererProps,
} from '@grafana/runtime';
import { ConnectTopic } from './ConnectTopic';
import type { MappingCheck, MappingOutcome } from './inspecting';

// Grafana's own time series panel: here, what it is given.
jest.mock('@grafana/runtime', () => ({
  ...jest.requireActual<object>('@grafana/runtime'),
  PanelRenderer: ({ data }: PanelRendererProps) => (
    <p>{`line of ${data!.series.map(({ fields }) => (fields[1]!.values as number[]).join()).join(' and ')}`}</p>
  ),
}));

const outcome: MappingOutcome = {
  metric: 'orders',
  topic: 'orders',
  records: 100,
  points: 97,
  removals: 1,
  late: 0,
  expired: 0,
  dead_letters: [{ reason: 'bad_time', count: 2, message: 'it looks like seconds', partition: 0, offset: 6 }],
  warnings: ['dimension zone is empty'],
  series: [{ labels: { shop: 'berlin' }, times: [60_000, 120_000], values: [3, 4] }],
  problem: null,
};

const inspection = {
  partitions: 3,
  records_read: 600,
  records: [{ partition: 0, offset: 7, timestamp_ms: 60_000, key: 'berlin', value: '{"ORDERS":4}' }],
  mapping: 'version: 1\nmetrics: {}\n',
  doubts: ['window: grace: not in any record'],
  outcome,
};

/** A Grafana with one data source, whose bridge answers so. */
function grafana(checks: (mapping: string) => MappingCheck, refuses?: string) {
  const sent: { url: string; body: unknown }[] = [];
  config.bootData = { ...config.bootData, user: { ...config.bootData.user, orgRole: OrgRole.Admin } };
  setDataSourceSrv({
    getList: () => [{ uid: 's', name: 'StreamKPI' } as DataSourceInstanceSettings],
  } as unknown as DataSourceSrv);
  setBackendSrv({
    post: (url: string, body: { metrics_file?: string }) => {
      sent.push({ url, body });
      if (refuses !== undefined) {
        return Promise.reject(Object.assign(new Error(), { data: { error: { message: refuses } } }));
      }
      return Promise.resolve(url.endsWith('/check') ? checks(body.metrics_file ?? '') : inspection);
    },
  } as unknown as BackendSrv);
  return sent;
}

const ask = async (topic: string): Promise<void> => {
  await userEvent.type(screen.getByLabelText(/^Topic/), topic);
  await userEvent.click(screen.getByRole('button', { name: 'Inspect' }));
};

describe('the page that connects a topic', () => {
  beforeEach(() => {
    jest.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(800);
  });
  afterEach(() => jest.restoreAllMocks());

  it('shows records, doubts, the mapping and what it makes of the records', async () => {
    const sent = grafana(() => ({ faults: [], outcomes: [outcome] }));
    render(<ConnectTopic />);
    await ask('orders');
    expect(await screen.findByText('{"ORDERS":4}')).toBeVisible();
    expect(screen.getByText('window: grace: not in any record')).toBeVisible();
    expect(screen.getByLabelText(/^Metrics file/)).toHaveValue(inspection.mapping);
    expect(await screen.findByText('line of 3,4')).toBeVisible();
    expect(screen.getByText('it looks like seconds')).toBeVisible();
    expect(screen.getByText('dimension zone is empty')).toBeVisible();
    expect(sent).toEqual([
      { url: '/api/datasources/uid/s/resources/inspect', body: { topic: 'orders' } },
      { url: '/api/datasources/uid/s/resources/check', body: { metrics_file: inspection.mapping } },
    ]);
  });

  it('checks the mapping again when it is edited', async () => {
    grafana((mapping) =>
      mapping.includes('wrong')
        ? { faults: ['metrics: wrong'], outcomes: [] }
        : { faults: [], outcomes: [outcome] },
    );
    render(<ConnectTopic />);
    await ask('orders');
    await screen.findByText('line of 3,4');
    await userEvent.type(screen.getByLabelText(/^Metrics file/), 'wrong');
    expect(await screen.findByText('metrics: wrong', {}, { timeout: 10_000 })).toBeVisible();
    expect(screen.queryByText('line of 3,4')).toBeNull();
  });

  it("says the bridge's sentence when a topic cannot be inspected", async () => {
    grafana(() => ({ faults: [], outcomes: [] }), 'Topic orders is empty.');
    render(<ConnectTopic />);
    await ask('orders');
    expect(await screen.findByText('Topic orders is empty.')).toBeVisible();
    expect(screen.queryByLabelText(/^Metrics file/)).toBeNull();
  });

  it('is for administrators', async () => {
    grafana(() => ({ faults: [], outcomes: [] }));
    config.bootData = { ...config.bootData, user: { ...config.bootData.user, orgRole: OrgRole.Viewer } };
    render(<ConnectTopic />);
    await waitFor(() => expect(screen.getByText(/Only a Grafana administrator/)).toBeVisible());
    await act(async () => {});
  });
});
