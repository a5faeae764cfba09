import React from 'react';
import { render, screen, within } from '@testing-library/react';
import { LoadingState, type DataFrame } from '@grafana/data';
import { KpiPanel } from './KpiPanel';
import {
  eventsFrame,
  metaOf,
  MINUTE,
  plainSeries,
  seriesFrame,
  STATUS,
  statusFrame,
  summaryFrame,
  T0,
} from './testing/frames';
import { panelProps, type PanelSetting } from './testing/panel-props';
import { ANSWERED, pass, show, withAnsweredClock } from './testing/shown-panel';

withAnsweredClock();

describe('the connection', () => {
  const header = (frames: DataFrame[], data: NonNullable<PanelSetting>['data'] = {}) => {
    const view = show(frames, { options: { show: 'connection' }, data });
    return { ...view, badge: () => screen.getByRole('status') };
  };

  test.each([
    ['static', 'Static'],
    ['connected', 'Connected'],
    ['reconnecting', 'Reconnecting'],
    ['polling', 'Polling'],
    ['disconnected', 'Disconnected'],
  ] as const)('%s', (state, name) => {
    expect(header([summaryFrame([{}], metaOf({ state }))]).badge()).toHaveTextContent(name);
  });

  test('frames that do not say are unknown, never connected', () => {
    const { meta: _lost, ...bare } = summaryFrame([{}]);
    expect(header([bare, plainSeries('x', [1])]).badge()).toHaveTextContent('Unknown');
  });

  test('a query with a fixed interval shows that interval, and is stale only after missing some', () => {
    expect(header([statusFrame()]).badge()).toHaveTextContent('Every 5 s');
    expect(screen.getByRole('status')).toHaveAttribute('title', expect.stringMatching(/as intended/));
  });

  test('a query with an interval of five minutes is not stale in between', () => {
    const live = { mode: 'poll', poll_ms: 5 * MINUTE } as const;
    const shifted = summaryFrame([{}], metaOf({ state: 'polling', time_shift_ms: 60 * MINUTE, live }));
    const { badge } = header([shifted]);
    expect(badge()).toHaveTextContent('Every 5 min');
    pass(10 * MINUTE);
    expect(badge()).toHaveTextContent('Every 5 min');
    pass(6 * MINUTE);
    expect(badge()).toHaveTextContent('Stale');
  });

  test('a long silence is stale without a message that says so', () => {
    const { badge, rerender } = header([summaryFrame([{}])]);
    pass(40_000);
    expect(badge()).toHaveTextContent('Connected');
    pass(10_000);
    expect(badge()).toHaveTextContent('Stale');
    // A heartbeat brings it back.
    const alive = summaryFrame([{}], metaOf({ as_of_ms: ANSWERED + 50_000, watermark_ms: T0 + 6 * MINUTE }));
    rerender(<KpiPanel {...panelProps([alive], { options: { show: 'connection' } })} />);
    expect(badge()).toHaveTextContent('Connected');
  });

  test('heartbeats alone keep it connected as long as windows may still come', () => {
    const { badge, rerender } = header([summaryFrame([{}])]);
    // Two windows, the open one and the grace after the newest event time.
    for (let second = 4; second <= 160; second += 4) {
      pass(4000);
      const beat = summaryFrame([{}], metaOf({ as_of_ms: ANSWERED + second * 1000 }));
      rerender(<KpiPanel {...panelProps([beat], { options: { show: 'connection' } })} />);
      expect(badge()).toHaveTextContent('Connected');
    }
  });

  test('heartbeats without data are stale too', () => {
    const { badge, rerender } = header([summaryFrame([{}])]);
    for (let second = 10; second <= 200; second += 10) {
      pass(10_000);
      const beat = summaryFrame([{}], metaOf({ as_of_ms: ANSWERED + second * 1000 }));
      rerender(<KpiPanel {...panelProps([beat], { options: { show: 'connection' } })} />);
    }
    expect(badge()).toHaveTextContent('Stale');
  });

  test('a failed query keeps what is known and says why', () => {
    const data = { state: LoadingState.Error, errors: [{ message: 'The bridge does not answer.' }] };
    show([summaryFrame([{}])], { options: { show: 'chosen', sections: ['connection', 'cards'] }, data });
    expect(screen.getByRole('status')).toHaveTextContent('Query failed');
    expect(screen.getByText('The bridge does not answer.')).toBeInTheDocument();
    expect(screen.getByTestId('streamkpi-value')).toHaveTextContent('120');
  });

  test('a warning that the data source had to send as an error is not a failed query', () => {
    const errors = [{ message: 'The filter on "country" is left out.', status: 200 }];
    show([summaryFrame([{}])], {
      options: { show: 'chosen', sections: ['connection', 'cards'] },
      data: { state: LoadingState.Error, errors },
    });
    expect(screen.getByRole('status')).toHaveTextContent('Connected');
    expect(screen.queryByText('Query failed')).not.toBeInTheDocument();
  });
});

describe("the system's status", () => {
  const status = (frames: DataFrame[], setting: PanelSetting = {}) =>
    show(frames, { options: { show: 'status' }, width: 900, height: 500, ...setting });
  const figure = (name: string) => screen.getByText(name).nextElementSibling;

  test('has hops, lag, freshness and figures', () => {
    status([statusFrame(), eventsFrame([{ id: 'a' }, { id: 'b', state: 'resolved' }])]);
    expect(screen.getAllByRole('listitem').map(({ textContent }) => textContent.trim())).toEqual(
      ['OKKafka', 'OKRedis', 'OKBridge'].map((text) => expect.stringContaining(text.slice(2)) as unknown),
    );
    expect(figure('Active metrics')).toHaveTextContent('2 of 3');
    expect(figure('Total alerts')).toHaveTextContent('2 (1 open)');
    expect(figure('Current time')).toHaveTextContent('12:05:20 UTC');
    const row = screen.getByRole('row', { name: /^revenue_per_minute/ });
    expect(
      within(row)
        .getAllByRole('cell')
        .map(({ textContent }) => textContent),
    ).toEqual(['revenue_per_minute', 'reading', '80 s', '12', '2']);
    pass(2000);
    expect(within(row).getByText('82 s')).toBeInTheDocument();
  });

  test('a failing hop is named with its reason', () => {
    const source = { ...STATUS.source, state: 'failing' as const, message: 'No broker answers.' };
    status([statusFrame({ ...STATUS, ready: false, source })]);
    expect(screen.getByText('No broker answers.')).toBeInTheDocument();
    expect(screen.getByText(/Failing/)).toBeInTheDocument();
  });

  test('where there is no room for the hops, the one that fails is what is seen', () => {
    const source = { ...STATUS.source, state: 'failing' as const, message: 'No broker answers.' };
    status([statusFrame({ ...STATUS, ready: false, source })], { width: 130, height: 40 });
    expect(figure('Failing')).toHaveTextContent('Kafka');
    expect(screen.queryByText('Every 5 s')).not.toBeInTheDocument();
  });

  test('without a status query it says how to get one', () => {
    status([summaryFrame([{}])]);
    expect(screen.getByText(/query of type Status/)).toBeInTheDocument();
    expect(figure('Active metrics')).toHaveTextContent('1');
  });

  test('counts alerts only where a query asks for them', () => {
    status([statusFrame()]);
    expect(screen.queryByText('Total alerts')).not.toBeInTheDocument();
  });
});

describe('the status during an outage', () => {
  const asked = { targets: [{ refId: 'A', kind: 'status' }] };
  const failed = { state: LoadingState.Error, errors: [{ message: 'No bridge listens.' }], request: asked };
  const ok = { state: LoadingState.Done, request: asked };
  const panel = (frames: DataFrame[], data: object) => (
    <KpiPanel {...panelProps(frames, { options: { show: 'status' }, data: data })} />
  );
  const hops = () => screen.getAllByRole('listitem').map(({ textContent }) => textContent);

  test('keeps the last known hops, says why, and recovers', () => {
    const { rerender } = render(panel([statusFrame()], ok));
    const before = hops();
    rerender(panel([seriesFrame([1])], failed));
    expect(hops()).toEqual([
      expect.stringContaining('Last known: OK'),
      expect.stringContaining('Last known: OK'),
      expect.stringContaining('No bridge listens.'),
    ]);
    expect(screen.queryByText(/Add a query/)).not.toBeInTheDocument();
    rerender(panel([statusFrame()], ok));
    expect(hops()).toEqual(before);
  });

  test('goes by the status queries, not by what streams beside them', () => {
    const lost = metaOf({
      kind: 'status',
      state: 'disconnected',
      state_message: 'No bridge listens.',
      live: { mode: 'poll', poll_ms: 5_000 },
      status: STATUS,
    });
    const frame = statusFrame();
    render(
      panel([{ ...frame, meta: { custom: { streamkpi: lost } } }, eventsFrame([{}], { state: 'polling' })], {
        ...ok,
        state: LoadingState.Streaming,
      }),
    );
    expect(hops()).toEqual([
      expect.stringContaining('Last known: OK'),
      expect.stringContaining('Last known: OK'),
      expect.stringContaining('No bridge listens.'),
    ]);
  });

  test('an error of another query, as of a second data source, says nothing of the hops', () => {
    const frame = { ...statusFrame(), refId: 'A' };
    const { rerender } = render(panel([frame], ok));
    const well = hops();
    const errors = [{ refId: 'B', message: 'The token is unknown.' }];
    rerender(panel([frame], { ...failed, errors }));
    expect(hops()).toEqual(well);
    expect(screen.getByText('Query failed')).toBeInTheDocument();
    rerender(panel([frame], { ...failed, errors: [{ refId: 'A', message: 'No bridge listens.' }] }));
    expect(hops()[0]).toContain('Last known: OK');
  });

  test('that was there before the panel shows the error, and counts no metrics of other frames', () => {
    render(panel([seriesFrame([1])], failed));
    expect(screen.getAllByText('No bridge listens.').length).toBeGreaterThan(0);
    expect(screen.queryByText(/Add a query/)).not.toBeInTheDocument();
    expect(screen.getByText('Active metrics').nextSibling).toHaveTextContent('–');
  });

  test.each(['pipeline', 'store'])(
    'lists each hop once, also where the source is held up by its %s',
    (hop) => {
      const source = {
        ...STATUS.source,
        kind: 'embedded',
        hop,
        state: 'failing' as const,
        message: 'held up',
      };
      const part = { state: 'failing' as const, message: 'held up' };
      const failing = { ...STATUS, ready: false, source, pipeline: part, store: { ...part, kind: 'lmdb' } };
      const fine = { ...STATUS.source, kind: 'embedded' };
      const well = { state: 'ok' as const, message: null };
      const { rerender } = render(panel([statusFrame(failing)], ok));
      expect(
        hops().map((text) => text.replace(/^\W*(Failing|OK)/, '').replace(/held up|Running.*/, '')),
      ).toEqual(['Source', 'Pipeline', 'Store', 'Bridge']);
      rerender(panel([seriesFrame([1])], failed));
      rerender(
        panel(
          [statusFrame({ ...STATUS, source: fine, pipeline: well, store: { ...well, kind: 'lmdb' } })],
          ok,
        ),
      );
      expect(hops().map((text) => text.replace(/^\W*/, ''))).toEqual([
        'OKSource',
        'OKPipeline',
        'OKStore',
        'OKBridge',
      ]);
    },
  );
});
