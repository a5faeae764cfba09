import { FieldType, toDataFrame } from '@grafana/data';
import { plainSeries, seriesFrame, STATUS, statusFrame, summaryFrame, T0, MINUTE } from '../testing/frames';
import { hopsNow } from '../status/status-tone';
import { readSystem } from './system-status';

test('the hops in the order of the data, and what each metric has', () => {
  const system = readSystem([statusFrame()], []);
  expect(system.hops.map(({ name, state }) => [name, state])).toEqual([
    ['Kafka', 'ok'],
    ['Redis', 'ok'],
    ['Bridge', 'ok'],
  ]);
  expect(system).toMatchObject({ activeMetrics: 2, metrics: 3, clients: 3, version: '0.1.0', ready: true });
  expect(
    system.topics.map(({ metric, lag, deadLetters, watermark }) => [metric, lag, deadLetters, watermark]),
  ).toEqual([
    ['events_per_minute', 0, 2, T0 + 5 * MINUTE],
    ['revenue_per_minute', 12, 2, T0 + 4 * MINUTE],
    ['high_activity_alert', null, null, null],
  ]);
});

test('why the last dead letter of a topic could not be read', () => {
  const { source } = STATUS;
  const last_dead_letter = { reason: 'bad_time', message: 'looks like seconds; say `unit: s`', time_ms: T0 };
  const topics = source.topics.map((topic, i) => (i === 0 ? { ...topic, last_dead_letter } : topic));
  const system = readSystem([statusFrame({ ...STATUS, source: { ...source, topics } })], []);
  expect(system.topics.map(({ lastDeadLetter }) => lastDeadLetter)).toEqual([
    'bad_time: looks like seconds; say `unit: s`',
    '',
    '',
  ]);
});

test('the embedded pipeline has hops of its own; a failing hop is named', () => {
  const { source } = STATUS;
  const failing = { ...source, hop: 'schema_registry', state: 'failing' as const, message: 'refused' };
  const system = readSystem(
    [
      statusFrame({
        ...STATUS,
        ready: false,
        source: failing,
        store: { kind: 'lmdb', state: 'ok', message: null },
        pipeline: { state: 'ok', message: null },
      }),
    ],
    [],
  );
  expect(system.hops.map(({ name, state, message }) => [name, state, message])).toEqual([
    ['Schema registry', 'failing', 'refused'],
    ['Pipeline', 'ok', ''],
    ['Store', 'ok', ''],
    ['Bridge', 'ok', 'Running, but not ready: see the failing hop.'],
  ]);
});

test('a wrong clock comes first; a right one is not listed', () => {
  const clock = { state: 'failing' as const, message: 'The clock of this bridge is 26 h ahead' };
  const [first] = readSystem([statusFrame({ ...STATUS, ready: false, clock })], []).hops;
  expect(first).toEqual({ name: 'Clock', ...clock });
  const right = statusFrame({ ...STATUS, clock: { state: 'ok', message: null } });
  expect(readSystem([right], []).hops.map(({ name }) => name)).toEqual(['Kafka', 'Redis', 'Bridge']);
});

test('an answer that hides the clients has none', () => {
  expect(readSystem([statusFrame({ ...STATUS, clients: null })], []).clients).toBeNull();
});

test('without a status query: the metrics that the frames show', () => {
  const system = readSystem(
    [],
    [summaryFrame([{}]), seriesFrame([1]), seriesFrame([1], {}, { metric: 'revenue_per_minute' })],
  );
  expect(system).toMatchObject({ hops: [], topics: [], activeMetrics: 2, ready: null });
  expect(readSystem([], [plainSeries('x', [1])]).activeMetrics).toBeNull();
});

test('a table of hops whose meta was lost', () => {
  const table = toDataFrame({
    fields: [
      { name: 'hop', type: FieldType.string, values: ['kafka', 'store', 'other'] },
      { name: 'state', type: FieldType.string, values: ['failing', 'ok', 'odd'] },
      { name: 'message', type: FieldType.string, values: ['no broker', '', ''] },
    ],
  });
  expect(readSystem([table], []).hops).toEqual([
    { name: 'Kafka', state: 'failing', message: 'no broker' },
    { name: 'Store', state: 'ok', message: '' },
    { name: 'Other', state: 'unknown', message: '' },
  ]);
});

test('while the bridge does not answer, nothing is known of the hops', () => {
  const system = readSystem([statusFrame()], []);
  const connection = {
    state: 'error' as const,
    message: 'connect refused',
    staleFrom: null,
    dataUntil: null,
    asOf: null,
    everyMs: null,
  };
  expect(hopsNow(system, connection)).toEqual([
    { name: 'Kafka', state: 'unknown', message: 'Last known: OK.' },
    { name: 'Redis', state: 'unknown', message: 'Last known: OK.' },
    { name: 'Bridge', state: 'unknown', message: 'connect refused' },
  ]);
  expect(hopsNow(system, { ...connection, state: 'polling' })).toEqual(system.hops);
});
