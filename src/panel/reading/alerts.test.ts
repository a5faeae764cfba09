import { FieldType, locationUtil, toDataFrame, type DataFrame, type GrafanaConfig } from '@grafana/data';
import fc from 'fast-check';
import type { SavedOptions } from '../options/complete-options';
import {
  CONTEXT,
  eventsFrame,
  MINUTE,
  optionsOf,
  T0,
  withFieldOptions,
  type EventRow,
} from '../testing/frames';
import { readAlerts, severityOf, spokenAlert } from './alerts';

const read = (frames: DataFrame[], alerts: SavedOptions['alerts'] = {}) =>
  readAlerts(withFieldOptions(frames), optionsOf({ alerts }).alerts, CONTEXT);

test('an event with all it has', () => {
  const { kept } = read([
    eventsFrame([{ id: 'a', user: 'u42', value: 137, severity: 'critical', revision: 3 }]),
  ]);
  expect(kept).toEqual([
    expect.objectContaining({
      id: 'a',
      severity: 'critical',
      state: 'open',
      message: 'High activity detected for user u42: 137 events',
      labels: { user_id: 'u42' },
      labelText: '',
      value: expect.objectContaining({ numeric: 137, text: '137' }) as unknown,
      started: T0,
      updated: T0 + MINUTE,
      revision: 3,
    }),
  ]);
});

test('labels that the message does not mention follow it', () => {
  expect(read([eventsFrame([{ text: 'Busy', user: 'u7' }])]).kept[0]?.labelText).toBe('u7');
});

test('one row per event, its newest revision, in whatever order they come', () => {
  const revisions: EventRow[] = [
    { id: 'a', revision: 2, value: 120 },
    { id: 'a', revision: 3, value: 150, state: 'resolved' },
    { id: 'a', revision: 1, value: 101 },
  ];
  const reading = read([eventsFrame(revisions)]);
  expect(reading.kept.map(({ value, state }) => [value?.numeric, state])).toEqual([[150, 'resolved']]);
  expect(reading).toMatchObject({ total: 1, open: 0, fed: true });
});

test('the newest are kept, newest first; all are counted', () => {
  const rows = Array.from({ length: 15 }, (_, index) => ({ id: `e${index}`, time: T0 + index * MINUTE }));
  const reading = read([eventsFrame(rows)]);
  expect(reading.kept).toHaveLength(10);
  expect(reading.kept[0]?.id).toBe('e14');
  expect(reading).toMatchObject({ total: 15, open: 15 });
});

test('severities and states of the options', () => {
  const rows = [
    { id: 'a', severity: 'info' },
    { id: 'b', severity: 'critical', state: 'resolved' },
    { id: 'c', severity: 'warning' },
  ];
  const ids = (alerts: SavedOptions['alerts']) => read([eventsFrame(rows)], alerts).kept.map(({ id }) => id);
  expect(ids({ severities: ['critical', 'warning'] })).toEqual(['b', 'c']);
  expect(ids({ state: 'open' })).toEqual(['a', 'c']);
  expect(ids({ state: 'resolved' })).toEqual(['b']);
});

test('unresolved alerts are counted over all that match the options, visible or not', () => {
  const rows: EventRow[] = [
    { id: 'a', time: T0, severity: 'critical', user: 'old' },
    { id: 'b', time: T0 + MINUTE, severity: 'info', user: 'new' },
    { id: 'c', time: T0 + 2 * MINUTE, severity: 'warning', state: 'resolved' },
  ];
  const told = (alerts: SavedOptions['alerts']) => {
    const { matching, unresolved } = read([eventsFrame(rows)], alerts);
    return { matching, ...unresolved };
  };
  const newest = expect.stringContaining('user new') as unknown;
  expect(told({})).toEqual({ matching: 3, count: 2, mostSevere: 'critical', newest });
  expect(told({ keep: 1 })).toEqual({ matching: 3, count: 2, mostSevere: 'critical', newest });
  expect(told({ severities: ['info'] })).toEqual({ matching: 1, count: 1, mostSevere: 'info', newest });
  expect(told({ severities: ['warning'] })).toEqual({ matching: 1 });
});

test('there are more events than came where the frame says so, whatever its notices are', () => {
  const [frame] = [eventsFrame([{}])];
  const notices = [{ severity: 'warning' as const, text: 'Only the newest 10000 events are read.' }];
  expect(read([{ ...frame, meta: { ...frame.meta, notices } }]).truncated).toBe(false);
  expect(read([eventsFrame([{}], { truncated: true })]).truncated).toBe(true);
});

test('no events is not the same as no query', () => {
  expect(read([eventsFrame([])])).toMatchObject({ kept: [], total: 0, fed: true });
  expect(read([])).toMatchObject({ kept: [], total: 0, fed: false });
});

describe('the link of the options', () => {
  const href = (link: string, row: EventRow = {}) =>
    read([eventsFrame([row])], { link }).kept[0]?.links[0]?.href;

  test('has the values of the event, encoded', () => {
    expect(href('/d/users?var-user={{user_id}}&at={{ time }}', { user: 'a b&c=d' })).toBe(
      `/d/users?var-user=a%20b%26c%3Dd&at=${T0}`,
    );
  });

  test("is below Grafana's own address", () => {
    const at = (appSubUrl: string) =>
      locationUtil.initialize({
        config: { appSubUrl } as GrafanaConfig,
        getTimeRangeForUrl: () => ({ from: '', to: '' }),
        getVariablesUrlParams: () => ({}),
      });
    at('/grafana');
    expect(href('/d/users?var-user={{user_id}}')).toBe('/grafana/d/users?var-user=u1');
    expect(href('/grafana/d/users')).toBe('/grafana/d/users');
    expect(href('https://example.org/{{id}}')).toBe('https://example.org/e0');
    at('');
  });

  test('a percent sign in a value stays one', () => {
    expect(href('/d/users?var-user={{user_id}}', { user: '100%26' })).toBe('/d/users?var-user=100%2526');
  });

  test('an unknown name is empty, and no script gets through', () => {
    expect(href('/x?y={{nothing}}')).toBe('/x?y=');
    expect(href('javascript:alert(1)')).toBeUndefined();
    expect(href('{{text}}', { user: 'javascript:alert(1)' })).toBeUndefined();
    expect(href('')).toBeUndefined();
  });
});

test("links of the value, the id and the message are the event's, each once", () => {
  const [frame] = withFieldOptions([eventsFrame([{}, {}])], { links: [{ title: 'Go', url: 'x' }] });
  for (const field of frame!.fields) {
    field.getLinks = ({ valueRowIndex }) => [
      { href: `/e/${valueRowIndex}`, title: 'Go', target: '_self', origin: field },
    ];
  }
  const { kept } = readAlerts([frame!], optionsOf().alerts, CONTEXT);
  expect(
    kept
      .map(({ links }) => links.map((link) => link.href))
      .flat()
      .sort(),
  ).toEqual(['/e/0', '/e/1']);
});

describe('events of other sources', () => {
  const other = toDataFrame({
    fields: [
      { name: 'Time', type: FieldType.time, values: [T0, T0 + 1000] },
      { name: 'message', type: FieldType.string, values: ['disk full', 'disk fine'] },
      { name: 'level', type: FieldType.string, values: ['error', 'notice'] },
      { name: 'status', type: FieldType.string, values: ['firing', 'resolved'] },
      { name: 'host', type: FieldType.string, values: ['a', 'b'] },
      { name: 'percent', type: FieldType.number, values: [99, 20] },
    ],
  });

  test('are read by the usual names', () => {
    expect(
      read([other]).kept.map((alert) => [
        alert.message,
        alert.severity,
        alert.state,
        alert.labelText,
        alert.value?.text,
      ]),
    ).toEqual([
      ['disk fine', 'info', 'resolved', 'b', '20'],
      ['disk full', 'critical', 'open', 'a', '99'],
    ]);
  });

  test('have an identity of their own, the same over refreshes', () => {
    const ids = () => read([other]).kept.map(({ id }) => id);
    expect(ids()).toEqual(ids());
    expect(new Set(ids()).size).toBe(2);
  });
});

test.each([
  ['critical', 'critical'],
  ['ERROR', 'critical'],
  ['warn', 'warning'],
  ['info', 'info'],
  ['', 'info'],
  ['whatever', 'info'],
])('severity %s is %s', (name, severity) => {
  expect(severityOf(name)).toBe(severity);
});

test('what a screen reader says', () => {
  const [alert] = read([eventsFrame([{ severity: 'critical', text: 'Busy', user: 'u7', value: 3 }])]).kept;
  expect(spokenAlert(alert!)).toBe('critical alert: Busy, u7, value 3');
});

test('in any order and however often the frames repeat them, the same events come out', () => {
  const row = fc.record({
    id: fc.constantFrom('a', 'b', 'c'),
    revision: fc.integer({ min: 1, max: 4 }),
  });
  // One event's revision has one value.
  const events = fc.array(row, { minLength: 1, maxLength: 20 }).map((rows) =>
    rows.map(({ id, revision }) => ({
      id,
      revision,
      value: revision * 10,
      time: T0 + id.charCodeAt(0),
      updated: T0 + revision,
    })),
  );
  fc.assert(
    fc.property(events, fc.integer(), (rows, seed) => {
      const shuffled = [...rows].sort(
        (a, b) => ((a.revision * 31 + seed) % 7) - ((b.revision * 31 + seed) % 7),
      );
      const once = read([eventsFrame(rows)]).kept;
      const again = read([eventsFrame(shuffled), eventsFrame(rows)]).kept;
      expect(again).toEqual(once);
      for (const { id, revision } of once) {
        expect(revision).toBe(Math.max(...rows.filter((row) => row.id === id).map((row) => row.revision)));
      }
    }),
  );
});
