import { dataFrameFromJSON, type DataFrame, type DataFrameJSON } from '@grafana/data';
import eventsByUser from '../../../tests/fixtures/plugin/frames/events-count-by-user.json';
import eventsCut from '../../../tests/fixtures/plugin/frames/events-filtered-and-limited.json';
import eventsLimited from '../../../tests/fixtures/plugin/frames/events-limited.json';
import eventsTable from '../../../tests/fixtures/plugin/frames/events-table.json';
import anomalies from '../../../tests/fixtures/plugin/frames/forecast-anomalies.json';
import anomalousShare from '../../../tests/fixtures/plugin/frames/forecast-anomalous-share.json';
import bands from '../../../tests/fixtures/plugin/frames/forecast-bands.json';
import noForecast from '../../../tests/fixtures/plugin/frames/forecast-none.json';
import coarse from '../../../tests/fixtures/plugin/frames/series-downsampled-and-truncated.json';
import noSeries from '../../../tests/fixtures/plugin/frames/series-none.json';
import shifted from '../../../tests/fixtures/plugin/frames/series-time-shift.json';
import series from '../../../tests/fixtures/plugin/frames/series.json';
import freshness from '../../../tests/fixtures/plugin/frames/status-freshness.json';
import statusTable from '../../../tests/fixtures/plugin/frames/status-table.json';
import otherMeasure from '../../../tests/fixtures/plugin/frames/summary-other-measure.json';
import summaryOpen from '../../../tests/fixtures/plugin/frames/summary-open-window.json';
import summaryStatOpen from '../../../tests/fixtures/plugin/frames/summary-stat-open-window.json';
import summaryStat from '../../../tests/fixtures/plugin/frames/summary-stat.json';
import summaryTable from '../../../tests/fixtures/plugin/frames/summary-table.json';
import { CONTEXT, optionsOf, withFieldOptions } from '../testing/frames';
import { RULES } from '../testing/cards-of';
import { readAlerts } from './alerts';
import { readCards } from './cards';
import { readConnection } from './connection';
import { sectionFrames } from './sections';
import { wholeText } from './shown-value';
import { readSystem } from './system-status';

/** The frames that the backend's own tests hold it to: what it sends is what is read here. */
const framesOf = (fixture: { readonly frames: unknown }): DataFrame[] =>
  (fixture.frames as DataFrameJSON[]).map((json) => dataFrameFromJSON(json));

function read(...fixtures: { readonly frames: unknown }[]) {
  const frames = withFieldOptions(fixtures.flatMap(framesOf));
  const options = optionsOf();
  const fed = sectionFrames(frames, options);
  return {
    cards: readCards(fed.cards, options.cards, RULES, CONTEXT).cards,
    alerts: readAlerts(fed.alerts, options.alerts, CONTEXT),
    system: readSystem(fed.status, frames),
    connection: readConnection(frames, undefined, RULES),
  };
}
const told = (...fixtures: { readonly frames: unknown }[]) =>
  read(...fixtures).cards.map(({ title, subtitle, value }) => [title, subtitle, wholeText(value)]);

test("a summary is a card a row, in the metric's unit", () => {
  expect(told(summaryTable)).toEqual([
    ['basic', 'Revenue per minute', '$0'],
    ['premium', 'Revenue per minute', '$7'],
  ]);
  const [basic, premium] = read(summaryTable).cards;
  expect(basic?.delta).toBeNull();
  expect(premium?.delta).toMatchObject({ absolute: '+$2', percent: '+40%' });
  expect(premium?.updated?.at).toBe(1_700_000_600_000);
  // Window, grace of 30 s and two missed windows after the start of the last one.
  expect(premium?.staleFrom).toBe(1_700_000_520_000 + 60_000 + 30_000 + 120_000);
});

test('the number of an open window is marked, whether a row or a statistic', () => {
  const marks = (fixture: { readonly frames: unknown }) => read(fixture).cards.map(({ open }) => open);
  expect(marks(summaryOpen)).toEqual([false, true]);
  expect(marks(summaryStatOpen)).toEqual([false, true]);
  expect(marks(summaryTable)).toEqual([false, false]);
  expect(told(summaryStatOpen)).toEqual([
    ['basic', 'Revenue per minute', '$0'],
    ['premium', 'Revenue per minute', '$7'],
  ]);
});

test('a statistic is one card a series, called by its metric and labels', () => {
  expect(told(summaryStat)).toEqual([['Revenue per minute', 'basic', '$9.50']]);
});

test("a measure beside the default one is called by its title, the default one by the metric's", () => {
  expect(told(otherMeasure)).toEqual([['Revenue per minute: Transactions', 'premium', '7']]);
  const [renamed] = structuredClone(summaryTable.frames);
  if (renamed === undefined) throw new Error('the fixture has no frame');
  Object.assign(renamed.schema.meta.custom.streamkpi, { measure: 'count' });
  const measures = renamed.schema.fields.findIndex(({ name }) => name === 'measure');
  renamed.data.values[measures] = ['count', 'count'];
  expect(told({ frames: [renamed] }).map(([, metric]) => metric)).toEqual([
    'Revenue per minute',
    'Revenue per minute',
  ]);
});

test('series are cards of their closed windows, and sparklines', () => {
  expect(told(series)).toEqual([
    ['basic', 'Events per minute', '132'],
    ['(none)', 'Events per minute', '371'],
  ]);
  const [basic] = read(series).cards;
  expect(basic?.open).toBe(false);
  expect(basic?.trend).toMatchObject({ values: [132, 0.1, null], openFrom: 1_700_000_580_000 });
});

test('coarse points say so, under their alias', () => {
  expect(read(coarse).cards).toMatchObject([{ note: expect.stringContaining('10 min') as unknown }]);
});

test('no series in the range: one card without a value', () => {
  expect(told(noSeries)).toEqual([['Events per minute', '', 'No data']]);
});

test('a shifted query alone is cards; beside the metric it is what those are compared with', () => {
  expect(read(shifted).cards).toHaveLength(1);
  expect(read(series, shifted).cards).toHaveLength(2);
});

test('a series with its band is a card of its newest closed step, compared with what was expected', () => {
  expect(told(bands)).toEqual([
    ['gold', 'Events per minute', '530'],
    ['silver', 'Events per minute', '8'],
  ]);
  const [gold, silver] = read(bands).cards;
  expect(gold?.delta).toMatchObject({ absolute: '+226', versus: 'expected', base: { text: '304' } });
  expect(gold?.stats.map(({ name, value }) => [name, wholeText(value)])).toEqual([
    ['expected', '304'],
    ['lower', '283'],
    ['upper', '323'],
  ]);
  expect(silver?.stats).toEqual([]);
  expect(gold?.note).toBe('Unusually high for this time (score 2.2).');
  expect(gold?.open).toBe(false);
  // Neither the steps ahead nor the band are in the sparkline.
  expect(gold?.trend?.values).toEqual([310, 302, 520, 530]);
  // Steps of five minutes: one, the grace of 30 s and two missed ones after its start.
  expect(gold?.staleFrom).toBe(1_700_001_000_000 + 300_000 + 30_000 + 600_000);
  expect(silver?.delta).toBeNull();
  expect(silver?.note).toBe('Learning: 24 h of closed steps are there, 48 h are needed.');
  expect(told(noForecast)).toEqual([['Events per minute', '', 'No data']]);
  expect(told(anomalousShare)).toEqual([['Events per minute', 'gold', '50%']]);
});

test('anomalies are alerts: open while the newest closed step belongs to them', () => {
  const { alerts, cards } = read(anomalies);
  expect(cards).toEqual([]);
  expect(alerts.kept).toMatchObject([
    {
      severity: 'warning',
      state: 'open',
      // Anomalies of several metrics stand in one list.
      message: 'Events per minute – Higher than expected: 530, where 304 (283 to 323) was expected',
      labels: { segment: 'gold' },
      started: 1_700_000_700_000,
    },
  ]);
});

test('events are alerts; counts of them are cards', () => {
  const { alerts, cards } = read(eventsTable);
  expect(cards).toEqual([]);
  expect(alerts.kept[0]).toMatchObject({
    id: 'c',
    severity: 'warning',
    state: 'open',
    message: 'High activity detected for user u1: 140 events',
    labels: { user_id: 'u1' },
    labelText: '',
    started: 1_700_000_400_000,
    updated: 1_700_000_600_000,
    revision: 2,
  });
  expect(told(eventsByUser).length).toBeGreaterThan(0);
  expect(read(eventsByUser).alerts.fed).toBe(false);
});

test('events that may be more than came say so', () => {
  const isTruncated = [eventsTable, eventsLimited, eventsCut].map(
    (fixture) => read(fixture).alerts.truncated,
  );
  expect(isTruncated).toEqual([false, true, true]);
});

test('the status has its hops; its numbers are cards', () => {
  const { system, cards } = read(statusTable);
  expect(cards).toEqual([]);
  expect(system.hops.map(({ name, state }) => [name, state])).toEqual(
    expect.arrayContaining([
      ['Schema registry', 'failing'],
      ['Bridge', 'ok'],
    ]),
  );
  expect(system.topics[0]).toMatchObject({ metric: 'events_per_minute', lag: 12, deadLetters: 1 });
  expect(read(freshness).cards.length).toBeGreaterThan(0);
});

test('an answer alone is static', () => {
  for (const fixture of [summaryTable, series, eventsTable, statusTable]) {
    expect(read(fixture).connection.state).toBe('static');
  }
});
