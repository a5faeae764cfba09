import React from 'react';
import { render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { SavedOptions } from '../options/complete-options';
import { readAlerts } from '../reading/alerts';
import {
  CONTEXT,
  eventsFrame,
  MINUTE,
  optionsOf,
  T0,
  withFieldOptions,
  type EventRow,
} from '../testing/frames';
import { AlertList } from './AlertList';
import { AlertAnnouncer } from './use-announcement';

const alertsOf = (rows: readonly EventRow[], saved: SavedOptions['alerts'] = {}) =>
  readAlerts(withFieldOptions([eventsFrame(rows)]), optionsOf({ alerts: saved }).alerts, CONTEXT);

const row = (index: number, changes: EventRow = {}): EventRow => ({
  id: `e${index}`,
  user: `u${index}`,
  time: T0 + index * MINUTE,
  ...changes,
});
const twelve = Array.from({ length: 12 }, (_, index) =>
  row(index, { severity: ['info', 'warning', 'critical'][index % 3] ?? '' }),
);

function list(
  rows: readonly EventRow[],
  saved: SavedOptions['alerts'] = {},
  size = { width: 1000, height: 500 },
) {
  return (
    <AlertList
      alerts={alertsOf(rows, saved)}
      options={optionsOf({ alerts: saved }).alerts}
      titled
      timeZone="utc"
      {...size}
    />
  );
}
const rows = () =>
  within(screen.getByRole('list', { name: 'Alerts, newest first' })).getAllByRole('listitem');

test('the newest three, the kept ones a button away', async () => {
  render(list(twelve));
  expect(rows()).toHaveLength(3);
  expect(rows()[0]).toHaveTextContent('High activity detected for user u11');
  const toggle = screen.getByRole('button', { name: 'Show all 10 kept' });
  expect(toggle).toHaveAttribute('aria-expanded', 'false');
  await userEvent.click(toggle);
  expect(rows()).toHaveLength(10);
  await userEvent.click(screen.getByRole('button', { name: 'Show the newest 3' }));
  expect(rows()).toHaveLength(3);
});

test('both numbers can be set', () => {
  render(list(twelve, { keep: 5, show: 4 }));
  expect(rows()).toHaveLength(4);
  expect(screen.getByRole('button', { name: 'Show all 5 kept' })).toBeInTheDocument();
});

test('a row has severity, message, value, start and whether it has ended', () => {
  render(list([row(1, { severity: 'critical', value: 137, state: 'resolved' })]));
  const [only] = rows();
  expect(only).toHaveTextContent(
    /Critical.*High activity detected for user u1: 137 events.*137.*Started.*updated.*Resolved/,
  );
  expect(within(only!).getAllByTitle(/^Started: 2026-11-26 12:01:00$/)).toHaveLength(1);
});

test('severities can be left out by keyboard', async () => {
  render(list(twelve, { show: 10 }));
  const info = screen.getByRole('button', { name: 'Info 3' });
  expect(info).toHaveAttribute('aria-pressed', 'true');
  info.focus();
  await userEvent.keyboard('{Enter}');
  expect(info).toHaveAttribute('aria-pressed', 'false');
  expect(rows().map((item) => item.dataset['severity'])).not.toContain('info');
  for (const name of [/^Critical/, /^Warning/]) await userEvent.click(screen.getByRole('button', { name }));
  expect(screen.getByText('All filtered out')).toBeInTheDocument();
});

describe('a message that is cut can be read in full by keyboard, with its times', () => {
  const LONG = `Busy ${'for long '.repeat(30)}`.trim();

  test.each([
    ['by itself', ''],
    ['as a link', '/d/users'],
  ])('%s', async (_, link) => {
    render(list([row(1, { text: LONG, user: 'u7' })], { link, filter: false }));
    await userEvent.tab();
    expect(screen.getByRole('group', { name: 'Recent alerts, list' })).toHaveFocus();
    expect(screen.queryByRole('tooltip')).not.toBeInTheDocument();
    await userEvent.tab();
    const tooltip = await screen.findByRole('tooltip');
    expect(tooltip).toHaveTextContent(`${LONG} (u7)`);
    expect(tooltip).toHaveTextContent('Started: 2026-11-26 12:01:00');
    expect(tooltip).toHaveTextContent('Updated: 2026-11-26 12:01:00');
    expect(document.activeElement).toHaveTextContent(LONG);
  });

  test('in the smallest panels too', async () => {
    render(list([row(1, { text: LONG })], {}, { width: 120, height: 60 }));
    await userEvent.tab();
    expect(await screen.findByRole('tooltip')).toHaveTextContent(LONG);
  });
});

describe('nothing to list', () => {
  test('all clear', () => {
    render(list([]));
    expect(screen.getByText('All clear')).toBeInTheDocument();
  });

  test('no query', () => {
    const alerts = readAlerts([], optionsOf().alerts, CONTEXT);
    render(
      <AlertList
        alerts={alerts}
        options={optionsOf().alerts}
        titled
        width={600}
        height={300}
        timeZone="utc"
      />,
    );
    expect(screen.getByText('No alerts query')).toBeInTheDocument();
    expect(screen.getByText(/type Events/)).toBeInTheDocument();
  });

  test('none of the chosen kind', () => {
    render(list(twelve, { state: 'resolved' }));
    expect(screen.getByText('None match')).toBeInTheDocument();
    expect(screen.getByText(/all 12 alerts/)).toBeInTheDocument();
  });
});

test('the smallest panels have a count and the newest message', () => {
  const size = { width: 120, height: 60 };
  const { rerender } = render(
    list([row(1, { severity: 'critical' }), row(2, { severity: 'info' })], {}, size),
  );
  expect(screen.getByText('2 open')).toBeInTheDocument();
  expect(screen.getByText(/user u2/)).toBeInTheDocument();
  rerender(list([row(1, { state: 'resolved' })], {}, size));
  expect(screen.getByText('All clear')).toBeInTheDocument();
  expect(screen.getByText('1 resolved')).toBeInTheDocument();
  rerender(list([row(1)], { state: 'resolved' }, size));
  expect(screen.getByText('None of 1 match')).toBeInTheDocument();
});

test('the smallest panels count by one rule: what the options let through, kept or not', () => {
  const size = { width: 120, height: 60 };
  const mixed = [
    row(1, { severity: 'critical' }),
    row(2, { severity: 'info' }),
    row(3, { severity: 'info', state: 'resolved' }),
  ];
  const { rerender, container } = render(list(mixed, { severities: ['info'] }, size));
  expect(screen.getByText('1 open')).toBeInTheDocument();
  // The newest is kept, and it is resolved.
  rerender(list(mixed, { keep: 1 }, size));
  expect(container).toHaveTextContent(/2 open.*user u2/);
  rerender(list(mixed, { severities: ['warning'] }, size));
  expect(screen.getByText('None of 3 match')).toBeInTheDocument();
  rerender(
    list([...mixed, row(4, { severity: 'warning', state: 'resolved' })], { severities: ['warning'] }, size),
  );
  expect(screen.getByText('1 resolved')).toBeInTheDocument();
});

test('an event that is revised stays one row and keeps its place', () => {
  const { rerender } = render(list([row(1), row(2)]));
  const before = rows();
  rerender(list([row(1), row(2, { value: 250, revision: 2 })]));
  expect(rows()).toEqual(before);
  expect(before[0]).toHaveTextContent('250 events');
});

test('rows have the same columns whether they have a value or not', () => {
  render(list([row(0), row(1, { value: null })]));
  const [without, withValue] = rows();
  expect(without?.childElementCount).toBe(withValue?.childElementCount);
});

test('the second time is that of the last change; of an event of an older past it is its end', () => {
  const opened = { firstSeen: T0 + 1000, updated: T0 + 4 * MINUTE };
  // Its five minutes are long over when it becomes known.
  const readLate = { firstSeen: T0 + 40 * MINUTE, updated: T0 + 40 * MINUTE };
  render(list([row(0, opened), row(0, { ...readLate, id: 'late' })]));
  const times = rows().map((item) => within(item).getAllByTitle(/^(Updated|Ended): /));
  expect(times.map(([time]) => time?.getAttribute('datetime'))).toEqual([
    new Date(T0 + 5 * MINUTE).toISOString(),
    new Date(T0 + 4 * MINUTE).toISOString(),
  ]);
  expect(rows().map((item) => /updated|ended/.exec(item.textContent)?.[0])).toEqual(['ended', 'updated']);
});

describe('new alerts are announced', () => {
  test('politely, once, and not the ones that were there', () => {
    const { rerender } = render(list([row(1)]));
    const live = screen.getByRole('status');
    expect(live).toHaveAttribute('aria-live', 'polite');
    expect(live).toBeEmptyDOMElement();
    rerender(list([row(1), row(2, { severity: 'critical' })]));
    expect(live).toHaveTextContent(
      'New critical alert: High activity detected for user u2: 101 events, value 101',
    );
    rerender(list([row(1), row(2, { severity: 'critical', value: 102, revision: 2 })]));
    expect(live).toHaveTextContent(/101 events/);
  });

  const look = (announcer: AlertAnnouncer, list: readonly EventRow[]) => announcer.look(alertsOf(list).kept);

  test('several at once are counted', () => {
    const announcer = new AlertAnnouncer();
    look(announcer, [row(1)]);
    expect(look(announcer, [row(1), row(2), row(3)])).toMatch(/^2 new alerts. Newest: warning alert: .*u3/);
  });

  test('a wider range or another filter brings old ones, which are not new', () => {
    const announcer = new AlertAnnouncer();
    look(announcer, [row(5)]);
    expect(look(announcer, [row(1), row(5)])).toBeUndefined();
    expect(look(announcer, [])).toBeUndefined();
    expect(look(announcer, [row(5)])).toBeUndefined();
    expect(look(announcer, [row(5), row(6)])).toMatch(/^New warning alert/);
  });

  test('the first alert after "all clear" is new', () => {
    const announcer = new AlertAnnouncer();
    look(announcer, []);
    expect(look(announcer, [row(1)])).toMatch(/^New warning alert/);
  });
});
