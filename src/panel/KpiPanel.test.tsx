import React from 'react';
import { act, cleanup, render, screen } from '@testing-library/react';
import {
  LoadingState,
  toDataFrame,
  toDataFrameDTO,
  type DataFrame,
  type DataQueryRequest,
  type DataSourceInstanceSettings,
} from '@grafana/data';
import { setDataSourceSrv, type DataSourceSrv } from '@grafana/runtime';
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
import { ANSWERED, card, cards, pass, show, withAnsweredClock } from './testing/shown-panel';

withAnsweredClock();

describe('cards', () => {
  test('have everything that belongs to a number', () => {
    const config = { custom: { goodWhen: 'up', target: 240 } };
    show([summaryFrame([{}], metaOf(), { config }), seriesFrame([1, 2, 3])], cards({ deltaAs: 'both' }));
    const events = card('Events per minute');
    expect(events.getByTestId('streamkpi-value')).toHaveTextContent('120');
    expect(events.getByText(/\+20 \(\+20%\)/)).toHaveTextContent(
      'up +20 (+20%) against previous window, better',
    );
    expect(events.getByText('20 s ago')).toBeInTheDocument();
    expect(events.getByText('Min 80')).toBeInTheDocument();
    expect(events.getByText('Avg 110')).toBeInTheDocument();
    expect(events.getByRole('img')).toHaveAccessibleName('Trend of Events per minute, 3 points');
    expect(events.getByRole('progressbar')).toHaveAttribute('aria-valuetext', '50% of the target 240');
  });

  test('a change for the better or worse has a sign, not only a colour', () => {
    const signOf = (goodWhen: string, last: number) => {
      const frame = summaryFrame([{ last, previous: 100 }], metaOf(), { config: { custom: { goodWhen } } });
      const { unmount } = show([frame], cards());
      const sign = card('Events per minute').queryByTestId('streamkpi-judgement');
      const told = sign?.textContent;
      unmount();
      return told;
    };
    expect([120, 80].map((last) => signOf('up', last))).toEqual(['✓', '!']);
    expect([120, 80].map((last) => signOf('down', last))).toEqual(['!', '✓']);
    // Its place is kept, so that nothing moves when there is a change again.
    expect(signOf('up', 100)).toBe('');
    expect(signOf('neutral', 120)).toBeUndefined();
  });

  test('ages tick without new data', () => {
    show([summaryFrame([{}])], cards());
    pass(3000);
    expect(screen.getByText('23 s ago')).toBeInTheDocument();
  });

  test('become stale when the windows stop coming, and fresh with the next one', () => {
    const { rerender } = show([summaryFrame([{}])], cards());
    expect(screen.queryByText('Stale')).not.toBeInTheDocument();
    // The last window ended at T0 + 5 min; grace 10 s and two windows later it is old.
    pass(T0 + 7 * MINUTE + 9000 - ANSWERED);
    expect(screen.queryByText('Stale')).not.toBeInTheDocument();
    pass(3000);
    expect(screen.getByText('Stale')).toBeInTheDocument();
    rerender(<KpiPanel {...panelProps([summaryFrame([{ lastTime: T0 + 7 * MINUTE }])], cards())} />);
    expect(screen.queryByText('Stale')).not.toBeInTheDocument();
  });

  test("count ages by the bridge's clock, not by the browser's", () => {
    jest.setSystemTime(ANSWERED + 3_600_000);
    show([summaryFrame([{}])], cards());
    expect(screen.getByText('20 s ago')).toBeInTheDocument();
    expect(screen.queryByText('Stale')).not.toBeInTheDocument();
  });

  test('an open window says so', () => {
    show([summaryFrame([{ open: true }])], cards());
    expect(screen.getByText('Open')).toBeInTheDocument();
  });

  test('links lead on from the title', () => {
    const props = panelProps([summaryFrame([{}])], {
      ...cards(),
      config: { links: [{ title: 'Users', url: '/d/users' }] },
    });
    for (const field of props.data.series[0]?.fields ?? []) {
      field.getLinks = () => [{ href: '/d/users', title: 'Users', target: '_blank', origin: field }];
    }
    render(<KpiPanel {...props} />);
    expect(screen.getByRole('link', { name: 'Events per minute' })).toHaveAttribute('href', '/d/users');
  });

  test('that no query feeds say so; a query without numbers is something else', () => {
    show([eventsFrame([{}])], cards());
    expect(screen.getByText('No cards query')).toBeInTheDocument();
    cleanup();
    show([{ ...plainSeries('x', []), fields: [] }], cards());
    expect(screen.getByText('No values')).toBeInTheDocument();
  });

  test('a value that is none reads so', () => {
    show(
      [
        summaryFrame([
          { segment: 'a', last: 0 },
          { segment: 'b', last: null },
        ]),
      ],
      cards(),
    );
    expect(card('a Events per minute').getByTestId('streamkpi-value')).toHaveTextContent(/^0$/);
    expect(card('b Events per minute').getByTestId('streamkpi-value')).toHaveTextContent(/^No data$/);
  });

  test('the words for no value are small even on a wall, on a line as high as the numbers beside it', () => {
    show([summaryFrame([{ segment: 'a' }, { segment: 'b', last: null }])], {
      ...cards(),
      width: 3800,
      height: 1500,
    });
    const [number, none] = ['a', 'b'].map((segment) =>
      card(`${segment} Events per minute`).getByTestId('streamkpi-value'),
    );
    const sizeOf = (element?: HTMLElement): number => parseFloat(element?.style.fontSize ?? '');
    expect(sizeOf(number)).toBeGreaterThan(200);
    expect(sizeOf(none)).toBeLessThan(50);
    expect(parseFloat(none?.style.lineHeight ?? '')).toBeCloseTo(sizeOf(number) * 1.15, -1);
  });

  test('without numbers there is no line of least, greatest and average', () => {
    const none = { last: null, previous: null, min: null, max: null, avg: null };
    show([summaryFrame([none])], cards());
    expect(screen.queryByText(/Min|Max|Avg|–/)).not.toBeInTheDocument();
  });
});

describe('updates', () => {
  const frames = (last: number) => [
    summaryFrame([
      { segment: 'a', last },
      { segment: 'b', last: 7 },
    ]),
    seriesFrame([1, 2], { segment: 'b' }),
  ];

  /** What changes in the document between two renders. */
  async function changes(
    before: DataFrame[],
    after: DataFrame[],
    setting: PanelSetting = cards(),
  ): Promise<MutationRecord[]> {
    const { rerender, container } = show(before, setting);
    const records: MutationRecord[] = [];
    const observer = new MutationObserver((found) => records.push(...found));
    observer.observe(container, { subtree: true, childList: true, characterData: true, attributes: true });
    rerender(<KpiPanel {...panelProps(after, setting)} />);
    await act(async () => Promise.resolve());
    records.push(...observer.takeRecords());
    observer.disconnect();
    return records;
  }

  test('the same numbers again touch nothing', async () => {
    expect(await changes(frames(5), frames(5))).toEqual([]);
    const all = () => [...frames(5), eventsFrame([{}]), statusFrame()];
    expect(await changes(all(), all(), { options: { show: 'dashboard' } })).toEqual([]);
  });

  test('one changed number touches its own card only, and moves nothing', async () => {
    const records = await changes(frames(5), frames(6));
    expect(records.length).toBeGreaterThan(0);
    const own = screen.getByRole('article', { name: 'a Events per minute' });
    expect(records.every(({ target }) => own.contains(target))).toBe(true);
    // No size and no position changes with a digit.
    expect(
      records.filter(({ type, attributeName }) => type === 'attributes' && attributeName === 'style'),
    ).toEqual([]);
  });
});

describe('parts', () => {
  const all = () => [summaryFrame([{}]), eventsFrame([{}]), statusFrame()];

  test('the whole dashboard', () => {
    show(all(), { options: { show: 'dashboard' }, width: 1200, height: 700 });
    expect(screen.getByRole('list', { name: 'KPI cards' })).toBeInTheDocument();
    expect(screen.getByRole('group', { name: 'Recent alerts' })).toBeInTheDocument();
    expect(screen.getByRole('group', { name: 'System status' })).toBeInTheDocument();
    expect(screen.getAllByText('Connected').length).toBeGreaterThan(0);
  });

  test('one of them', () => {
    show(all(), { options: { show: 'alerts' } });
    expect(screen.queryByRole('list', { name: 'KPI cards' })).not.toBeInTheDocument();
    expect(screen.queryByRole('group', { name: 'System status' })).not.toBeInTheDocument();
  });

  test('by queries of another panel, whose frames -- Dashboard -- passes on as copies', () => {
    const frames = [
      { ...summaryFrame([{}]), refId: 'summary' },
      { ...summaryFrame([{ segment: 'other' }]), refId: 'unnamed' },
    ];
    const target = { refId: 'A', datasource: { uid: '-- Dashboard --', type: 'datasource' }, panelId: 2 };
    const setting = {
      options: { show: 'cards', cards: { queries: ['summary'] } },
      data: { request: { targets: [target] } as unknown as DataQueryRequest },
    } as const;
    const { rerender } = show(frames, setting);
    expect(screen.getAllByRole('article')).toHaveLength(1);
    const before = screen.getByRole('article').textContent;
    rerender(
      <KpiPanel
        {...panelProps(
          frames.map((frame) => ({ ...frame })),
          setting,
        )}
      />,
    );
    expect(screen.getByRole('article').textContent).toBe(before);
  });

  test('a small panel keeps its cards', () => {
    show(all(), { options: { show: 'dashboard' }, width: 120, height: 60 });
    expect(screen.getByTestId('streamkpi-value')).toHaveTextContent('120');
    expect(screen.queryByRole('group', { name: 'System status' })).not.toBeInTheDocument();
  });
});

test("an alert's link follows the dashboard's variables, encoded, although no query does", () => {
  const props = panelProps([eventsFrame([{}])], {
    options: { show: 'alerts', alerts: { link: '/d/users?var-env=${env}&var-user={{user_id}}' } },
  });
  const withEnvironment = (env: string) => (
    <KpiPanel
      {...props}
      replaceVariables={(text, _, format) =>
        text.replace('${env}', format === 'uriencode' ? encodeURIComponent(env) : env)
      }
    />
  );
  const { rerender } = render(withEnvironment('a&b'));
  const link = () => screen.getByRole('link', { name: /High activity/ });
  expect(link()).toHaveAttribute('href', '/d/users?var-env=a%26b&var-user=u1');
  rerender(withEnvironment('{{user_id}}'));
  expect(link()).toHaveAttribute('href', '/d/users?var-env=%7B%7Buser_id%7D%7D&var-user=u1');
});

test("a card's title follows the dashboard's variables, and reads no value as a template", () => {
  const props = panelProps([summaryFrame([{ segment: '${env}' }])], {
    options: { show: 'cards', cards: { title: 'Revenue in ${env}: {{segment}}' } },
  });
  const withEnvironment = (env: string) => (
    <KpiPanel {...props} replaceVariables={(text) => text.replaceAll('${env}', env)} />
  );
  const { rerender } = render(withEnvironment('Europe'));
  const title = () => screen.getByRole('heading').textContent;
  expect(title()).toBe('Revenue in Europe: ${env}');
  rerender(withEnvironment('{{segment}}'));
  expect(title()).toBe('Revenue in {{segment}}: ${env}');
});

describe("a part's heading", () => {
  const headings = () =>
    screen
      .queryAllByRole('heading')
      .map(({ textContent }) => textContent)
      .filter((text) => text === 'Recent alerts' || text === 'System status');
  const place = { width: 900, height: 500 };

  test.each(['alerts', 'status'] as const)("is left out where it would repeat the panel's: %s", (part) => {
    show([eventsFrame([{}]), statusFrame()], { options: { show: part }, ...place });
    expect(headings()).toEqual([]);
    expect(screen.getByRole('group', { name: /^(Recent alerts|System status)$/ })).toBeInTheDocument();
  });

  test('is there where several share a panel, and where the panel has no title', () => {
    show([eventsFrame([{}]), statusFrame()], {
      options: { show: 'chosen', sections: ['alerts', 'status'] },
      ...place,
    });
    expect(headings()).toEqual(['Recent alerts', 'System status']);
    cleanup();
    show([eventsFrame([{}])], { options: { show: 'alerts' }, title: '', ...place });
    expect(headings()).toEqual(['Recent alerts']);
  });

  test('alerts are counted without one; where there is none nothing takes its place', () => {
    show([eventsFrame([{}])], { options: { show: 'alerts' }, ...place });
    expect(screen.getByText('1 open, 1 in range')).toBeInTheDocument();
    cleanup();
    show([eventsFrame([])], { options: { show: 'alerts' }, ...place });
    expect(screen.getByText('All clear').parentElement).toHaveStyle({ height: '500px' });
  });
});

describe('without frames', () => {
  test.each([
    [LoadingState.Loading, 'Loading', 'Waiting for the first answer.'],
    [LoadingState.Done, 'No data', /KPI summary for cards/],
  ] as const)('%s', (state, title, text) => {
    show([], { data: { state } });
    expect(screen.getByText(title)).toBeInTheDocument();
    expect(screen.getByText(text)).toBeInTheDocument();
  });

  test('a failed query says why', () => {
    show([], { data: { state: LoadingState.Error, errors: [{ message: 'connect refused' }] } });
    expect(screen.getByText('Query failed')).toBeInTheDocument();
    expect(screen.getByText('connect refused')).toBeInTheDocument();
  });

  test('a Grafana without a data source of the app leads to the page that adds one', () => {
    const known: DataSourceInstanceSettings[] = [];
    setDataSourceSrv({ getList: () => known } as unknown as DataSourceSrv);
    const data = {
      state: LoadingState.Error,
      errors: [{ message: 'Datasource ${datasource} was not found' }],
    };
    const { unmount } = show([], { data });
    expect(screen.getByText(/has no StreamKPI data source yet/)).toBeInTheDocument();
    expect(screen.getByRole('link', { name: 'Add a data source' })).toHaveAttribute(
      'href',
      '/a/streamkpi-realtime-app',
    );
    unmount();
    known.push({} as DataSourceInstanceSettings);
    show([], { data });
    expect(screen.getByText('Datasource ${datasource} was not found')).toBeInTheDocument();
  });
});

test('nothing runs after the panel is gone', () => {
  const { unmount } = show([summaryFrame([{}]), eventsFrame([{}]), statusFrame()], {
    options: { show: 'dashboard' },
  });
  unmount();
  expect(jest.getTimerCount()).toBe(0);
});

/** As Grafana stores a dashboard's JSON: fields of objects that are null are gone, those of lists stay. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([, field]) => field !== null && field !== undefined);
  return Object.fromEntries(fields.map(([name, field]) => [name, withoutNulls(field)]));
}

const asStored = (frame: DataFrame): DataFrame =>
  toDataFrame(withoutNulls(JSON.parse(JSON.stringify(toDataFrameDTO(frame)))));

describe('in a snapshot, which holds nothing that is null', () => {
  const everything = [
    statusFrame(),
    statusFrame({ ...STATUS, clients: null, pipeline: { state: 'ok', message: null } }),
    summaryFrame([{ previous: null, min: null }], metaOf({ watermark_ms: null })),
    seriesFrame([1, 2, 3], {}, { watermark_ms: null }),
    eventsFrame([{}]),
    eventsFrame([]),
  ];

  test.each(everything.map((frame, index) => [index, frame] as const))(
    'frame %i is shown as before it was stored',
    (_, frame) => {
      const data = { request: undefined } as never;
      const live = show([frame], { options: { show: 'dashboard' }, data });
      const shown = live.container.textContent;
      live.unmount();
      const stored = show([asStored(frame)], { options: { show: 'dashboard' }, data });
      expect(stored.container.textContent).toBe(shown);
    },
  );
});

describe('without a frame', () => {
  const noData = (targets: object[] | undefined): void => {
    const request = targets === undefined ? undefined : { targets };
    show([], { data: { state: LoadingState.Done, request } as never });
  };

  test.each([undefined, [], [{ refId: 'A', hide: true }]])(
    'a query is asked for where there is none: %j',
    (targets) => {
      noData(targets);
      expect(screen.getByText(/^Add a query/)).toBeInTheDocument();
    },
  );

  test('a panel with queries says that they returned nothing', () => {
    noData([{ refId: 'A', kind: 'summary' }]);
    expect(screen.getByText('The queries of this panel returned nothing.')).toBeInTheDocument();
  });

  test('a snapshot says that the panel had not loaded', () => {
    noData([{ refId: 'A', queryType: 'snapshot', snapshot: [] }]);
    expect(screen.getByText('This panel had not loaded when the snapshot was taken.')).toBeInTheDocument();
  });
});

test('a snapshot is static, whatever its frames said when it was taken', () => {
  const request = { targets: [{ refId: 'A', queryType: 'snapshot', snapshot: [] }] };
  const data: object = { state: LoadingState.Done, request };
  show([summaryFrame([{}])], { options: { show: 'connection' }, data });
  expect(screen.getByRole('status')).toHaveTextContent('Static');
  expect(screen.getByText(/those of when it was taken/)).toBeInTheDocument();
  cleanup();
  show([statusFrame(), eventsFrame([{}])], { options: { show: 'status' }, data });
  expect(screen.getByText('Connection').nextSibling).toHaveTextContent('Static');
});

describe('alerts without a row', () => {
  const alerts: PanelSetting = { options: { show: 'alerts' } };

  test('are an all-clear only while the data source answers', () => {
    const message = 'No bridge listens.';
    show([eventsFrame([], { state: 'disconnected', state_message: message })], alerts);
    expect(screen.queryByText('All clear')).not.toBeInTheDocument();
    expect(screen.getByText('No known alerts')).toBeInTheDocument();
    expect(screen.getByText(message)).toBeInTheDocument();
  });

  test('are none while the forecast still learns', () => {
    const message = 'Learning: 3 h of closed steps are there, 48 h are needed.';
    const forecast = { state: 'learning', message, trained_from_ms: null, fingerprint: '' } as const;
    show([eventsFrame([], { kind: 'forecast', forecast })], alerts);
    expect(screen.queryByText('All clear')).not.toBeInTheDocument();
    expect(screen.getByText(message)).toBeInTheDocument();
    cleanup();
    show([eventsFrame([], { kind: 'forecast', forecast })], { ...alerts, width: 120, height: 60 });
    expect(screen.queryByText('All clear')).not.toBeInTheDocument();
    expect(screen.getByText('No known alerts')).toBeInTheDocument();
  });
});
