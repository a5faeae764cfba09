import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDuration } from './duration';
import { parseMetricsFile, readMetricsFile } from './metrics-file';

const minimal = (metric: string): string => `version: 1\nmetrics:\n  m:\n${metric.replace(/^/gm, '    ')}\n`;
const VALUE = 'measures: { value: { field: N, combine: sum } }';
const TUMBLING = 'window: { type: tumbling, size: 1m }';

const average = (a: string, ofSum = 'sum'): string =>
  `topic: t\n${TUMBLING}\nmeasures: { value: { field: N }, a: ${a}, s: { field: S, combine: ${ofSum} }, c: { field: C, combine: sum } }`;
const thresholds = (list: string): string =>
  `topic: t\n${TUMBLING}\nmeasures: { value: { field: N, combine: sum, thresholds: [${list}] } }`;

describe('metrics.yaml', () => {
  test('the default file maps the recorded topics', () => {
    const mappings = readMetricsFile(join(__dirname, '../../metrics.yaml'));
    expect(mappings.map(({ topic, metric }) => [topic, metric.name, metric.kind])).toEqual([
      ['events_per_minute_by_segment', 'events_per_minute', 'window'],
      ['revenue_per_minute', 'revenue_per_minute', 'window'],
      ['high_activity_users', 'high_activity_alert', 'event'],
      ['active_users_per_minute', 'active_users_per_minute', 'window'],
    ]);
    const revenue = mappings[1]!.metric;
    expect(revenue.measures.map((measure) => measure.name)).toEqual([
      'value',
      'transaction_count',
      'avg_transaction_value',
      'amount_count',
    ]);
    expect(mappings[1]!.measures.map((measure) => measure.optional)).toEqual([false, false, true, true]);
    expect(revenue).toMatchObject({ retentionMs: 86_400_000, idleMs: 60_000 });
    expect(mappings[2]!.metric.idleMs).toBe(300_000);
    // Forecasts need two weeks of steps, panels over 30 days as many.
    for (const { metric } of mappings.filter(({ metric: { kind } }) => kind === 'window')) {
      expect(metric.history).toEqual([
        { stepMs: 5 * 60_000, keepMs: 35 * 86_400_000 },
        { stepMs: 3_600_000, keepMs: 400 * 86_400_000 },
      ]);
    }
  });

  test('Flink: plain JSON key, window bounds as value columns, nested fields', () => {
    const [mapping] = parseMetricsFile(
      minimal(`topic: flink_counts
key: { format: json }
window: { type: tumbling, size: 1m }
time: { start: { field: window_start, unit: text }, end: { field: window_end, unit: text }, event_time: start }
dimensions: { segment: { from: { value: user.segment } }, site: { from: { key: [a.b] } } }
measures: { value: { field: stats.count, combine: sum } }`),
      'f',
    );
    expect(mapping).toMatchObject({
      start: { from: 'field', in: 'value', path: ['window_start'], unit: 'text' },
      eventTime: { from: 'start' },
      dimensions: [
        { in: 'value', path: ['user', 'segment'] },
        { in: 'key', path: ['a.b'] },
      ],
      measures: [{ path: ['stats', 'count'], optional: false }],
    });
  });

  test('history: steps of the metric, each a multiple of the one before and kept longer', () => {
    const withHistory = (history: string, rest = TUMBLING): string =>
      minimal(`topic: t\n${rest}\n${VALUE}\nhistory: ${history}`);
    const [mapping] = parseMetricsFile(
      withHistory('[{ step: 5m, keep: 35d }, { step: 1h, keep: 400d }]'),
      'f',
    );
    expect(mapping!.metric.history).toEqual([
      { stepMs: 300_000, keepMs: 35 * 86_400_000 },
      { stepMs: 3_600_000, keepMs: 400 * 86_400_000 },
    ]);
    expect(parseMetricsFile(minimal(`topic: t\n${TUMBLING}\n${VALUE}`), 'f')[0]!.metric).not.toHaveProperty(
      'history',
    );
    const refusal = (text: string): string => {
      try {
        parseMetricsFile(text, 'f');
        return '';
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(refusal(withHistory('[{ step: 7m, keep: 35d }]'))).toContain(
      'history.0.step: 7m is not a step of this metric; take one of 2m, 5m, 10m',
    );
    expect(refusal(withHistory('[{ step: 1m, keep: 35d }]'))).toContain('1m is not a step');
    expect(refusal(withHistory('[{ step: 5m, keep: 24h }]'))).toContain(
      'history.0.keep: 1d is not longer than 1d, which the windows are kept',
    );
    expect(refusal(withHistory('[{ step: 2m, keep: 2d }, { step: 5m, keep: 2d }]'))).toContain(
      'history.1.step: 5m is not a multiple of the step before it, 2m',
    );
    expect(refusal(withHistory('[{ step: 2m, keep: 2d }, { step: 10m, keep: 2d }]'))).toContain(
      'history.1.keep: 2d is not longer than 2d, which the steps before it are kept',
    );
    const sessions = `window: { type: session, gap: 1m }\nkey: { format: string, windowed: session }`;
    expect(refusal(withHistory('[{ step: 5m, keep: 35d }]', sessions))).toContain('sessions have no steps');
  });

  test('history of an event metric: an event has no steps, and is kept whole as long as these would be', () => {
    const kept = (rest: string): object => {
      const { retentionMs, history } = parseMetricsFile(
        minimal(`topic: t\nkind: event\n${TUMBLING}\n${VALUE}\n${rest}`),
        'f',
      )[0]!.metric;
      return { days: retentionMs / 86_400_000, history };
    };
    expect(kept('history: [{ step: 5m, keep: 35d }, { step: 1h, keep: 400d }]')).toEqual({ days: 400 });
    expect(kept('retention: 500d\nhistory: [{ step: 5m, keep: 35d }]')).toEqual({ days: 500 });
  });

  test('a bare value is `$`, a schema is read from beside the file, a path may have empty names', () => {
    const folder = mkdtempSync(join(tmpdir(), 'streamkpi-metrics-'));
    try {
      writeFileSync(join(folder, 'orders.proto'), 'syntax = "proto3";');
      const file = join(folder, 'metrics.yaml');
      const one = (entry: string) => parseMetricsFile(minimal(`topic: t\n${TUMBLING}\n${entry}`), file)[0]!;
      const bare = one('value: { format: long }\nmeasures: { value: { field: $, combine: sum } }');
      expect(bare.measures).toEqual([{ path: [], optional: false }]);
      expect(one("measures: { value: { field: [a, '', b] } }").measures[0]!.path).toEqual(['a', '', 'b']);
      const proto = one(`value: { format: protobuf, schema: orders.proto, message: shop.Orders }\n${VALUE}`);
      expect(proto.value).toMatchObject({ message: 'shop.Orders', schema: { path: 'orders.proto' } });
      expect(Buffer.from(proto.value.schema!.bytes).toString()).toBe('syntax = "proto3";');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('final-only topics move the watermark by window ends', () => {
    const [mapping] = parseMetricsFile(minimal(`topic: t\nfinal_only: true\n${TUMBLING}\n${VALUE}`), 'f');
    expect(mapping!.eventTime).toEqual({ from: 'end' });
  });

  test.each([
    [
      'topic: t\nwindow: { type: tumbling, size: 60 }\n' + VALUE,
      /window\.size: 60 has no unit; write e\.g\. 60s/,
    ],
    [
      `topic: t\n${TUMBLING}\nretention: 86400\n${VALUE}`,
      /m\.retention: 86400 has no unit; write e\.g\. 86400s/,
    ],
    [
      'topic: t\nwindow: { type: TUMBLING, size: 1m }\n' + VALUE,
      /window\.type: "TUMBLING" is not one of "tumbling", "hopping", "session", "calendar", "cumulating", "sliding"; did you mean "tumbling"\?/,
    ],
    ['topic: t\nwindow: { size: 1m }\n' + VALUE, /window\.type: is missing; write one of "tumbling"/],
    [
      `topic: t\n${TUMBLING}\nkey: { format: STRING }\n${VALUE}`,
      /key\.format: "STRING" is not one of .*did you mean "string"\?/,
    ],
    [
      `topic: t\n${TUMBLING}\ntime: { start: { field: ws, unit: seconds } }\n${VALUE}`,
      /start\.unit: "seconds" is not one of .*did you mean "s"\?/,
    ],
    [
      `topic: t\n${TUMBLING}\ndimensions: { a: { from: KEY } }\n${VALUE}`,
      /a\.from: "KEY" is not valid; write `from: key` for the whole key, /,
    ],
    [
      `topic: t\n${TUMBLING}\nmeasures: { value: { field: N, combine: [sum] } }`,
      /combine: expected one of "sum"/,
    ],
    ['topic: t\nwindow: { type: tumbling, size: 1w }\n' + VALUE, /"1w" is not a valid duration/],
    [`topic: t\n${TUMBLING}\nmeasures: { n: { field: N } }`, /first measure must be named "value"/],
    [
      `topic: t\n${TUMBLING}\nmeasures: { value: { field: N, combine: avg, sum_from: s } }`,
      /"s" is not a measure/,
    ],
    [`topic: t\n${TUMBLING}\nkeys: 1\n${VALUE}`, /metrics\.m\.keys: unknown setting/],
    [`topic: t\nkey: { format: string }\n${TUMBLING}\n${VALUE}`, /time\.start: a plain key holds no window/],
    [`topic: t\nwindow: { type: hopping, size: 1m, advance: 2m }\n${VALUE}`, /window\.advance/],
    [
      `topic: t\nkey: { format: string, windowed: time }\nwindow: { type: session, gap: 1m }\n${VALUE}`,
      /session's key/,
    ],
    [`topic: t\n${TUMBLING}\ndimensions: { a: { from: { key: b } } }\n${VALUE}`, /string key has no fields/],
    [`${TUMBLING}\n${VALUE}`, /metrics\.m\.topic: is missing; write e\.g\. `topic: orders-by-shop`$/m],
    [
      `topic: t\n${TUMBLING}\nmeasures:`,
      /metrics\.m\.measures: is empty; write entries by name under it, indented further/,
    ],
    [`topic: t\n${TUMBLING}\nkind: Event\n${VALUE}`, /m\.kind: "Event" .*did you mean "event"\?/],
    [
      `topic: t\n${TUMBLING}\nkey: { format: string, windowed: TIME }\n${VALUE}`,
      /key\.windowed: "TIME" .*did you mean "time"\?/,
    ],
    [
      `topic: t\n${TUMBLING}\nvalue: { format: JSON_SR }\n${VALUE}`,
      /value\.format: "JSON_SR" .*did you mean "json"\?/,
    ],
    [
      `topic: t\n${TUMBLING}\nkey: { format: long }\ntime: { end: { field: we, in: key } }\n${VALUE}`,
      /time\.end: a long key has no field we; /,
    ],
    [
      `topic: t\nkind: event\n${TUMBLING}\nevent: { message: "{Value} of {{user}}" }\n${VALUE}`,
      /event\.message: \{Value\} is not one of \{value\}[^]*\{user\} is not one of \{value\}/,
    ],
    [
      `topic: t\nwindow: { type: session, gap: 30 }\n${VALUE}`,
      /window\.gap: 30 has no unit; write e\.g\. 30s/,
    ],
    ['topic: t\n' + VALUE, /metrics\.m\.window: is missing; write e\.g\. `window: \{ type: tumbling/m],
    [
      `topic: t\nwindow: 1m\n${VALUE}`,
      /metrics\.m\.window: expected settings by name \(object\), received string/,
    ],
    [
      `topic: t\n${TUMBLING}\ntime: { start: { field: ws, unit: iso } }\n${VALUE}`,
      /metrics\.m\.time\.start\.unit: .*"ms".*"text"/,
    ],
    [
      `topic: t\n${TUMBLING}\ntime: { start: now }\n${VALUE}`,
      /metrics\.m\.time\.start: .*`start: key` or `start: timestamp`/,
    ],
    [
      `topic: t\n${TUMBLING}\ndimensions: { a: { from: { vlaue: b } } }\n${VALUE}`,
      /dimensions\.a\.from.*vlaue: unknown/,
    ],
    [
      `topic: t\n${TUMBLING}\nmeasures: { Value: { field: N } }`,
      /measures\.Value: a name has 1 to 64 of a-z/,
    ],
    [
      `topic: t\nwindow: { type: tumbling, size: 1m, grace: 24h }\n${VALUE}`,
      /metrics\.m\.retention: 1d is not longer than grace \+ idle \(1d \+ 1m\).*longer retention/,
    ],
    [
      `topic: t\n${TUMBLING}\nidle: 24h\n${VALUE}`,
      /m\.retention: 1d is not longer than grace \+ idle \(0ms \+ 1d\)/,
    ],
    [`topic: t\n${TUMBLING}\nidle: 0s\n${VALUE}`, /m\.idle: must be at least 2s/],
    [
      `topic: t\n${TUMBLING}\nmeasures: { value: { field: N, combine: avg, sum_from: value, count_from: value } }`,
      /(?=[^]*value\.sum_from: an average is not its own)(?=[^]*value\.count_from: an average is not its own)/,
    ],
    [
      average('{ field: A, combine: avg, sum_from: s, count_from: c }', 'max'),
      /a\.sum_from: "s" has combine: max/,
    ],
    [average('{ field: A, combine: avg, sum_from: s, count_from: s }'), /both "s"/],
    [thresholds('{ value: 2, color: red }, { value: 1, color: blue }'), /thresholds\.1: values must ascend/],
    [thresholds('{ value: 2, color: red }, { value: null, color: blue }'), /thresholds\.1: .*only the first/],
    [
      `topic: t\nkind: event\n${TUMBLING}\nevent: { message: "{user} {value}" }\n${VALUE}`,
      /event\.message: \{user\} is not one of \{value\}/,
    ],
    [
      `topic: t\n${TUMBLING}\ndimensions: { __proto__: { from: key } }\n${VALUE}`,
      /dimensions\.__proto__: cannot be a name/,
    ],
    [`topic: t\n${TUMBLING}\n${VALUE}\n${VALUE}`, /Map keys must be unique/],
    [`topic: t\n${TUMBLING}\n${VALUE}\nmax_series: 0`, /m\.max_series: /],
    [`topic: t\nwindow: { type: tumbling, size: -1m }\n${VALUE}`, /"-1m" is not a valid duration/],
    [`topic: t\nwindow: { type: tumbling, size: 0s }\n${VALUE}`, /window\.size: must be longer/],
    [
      `topic: t\n${TUMBLING}\nvalue: { format: long }\n${VALUE}`,
      /measures\.value\.field: a long value has no fields; say `field: \$`/,
    ],
    [`topic: t\n${TUMBLING}\nvalue: { format: delimited }\n${VALUE}`, /value\.columns: name the columns/],
    [
      `topic: t\n${TUMBLING}\nvalue: { format: json, columns: [a] }\n${VALUE}`,
      /value\.columns: only for format: delimited/,
    ],
    [`topic: t\n${TUMBLING}\nvalue: { format: protobuf, message: M }\n${VALUE}`, /only with a schema file/],
    [
      `topic: t\n${TUMBLING}\nvalue: { format: avro, schema: not-there.avsc }\n${VALUE}`,
      /value\.schema: cannot read not-there\.avsc .*relative to the metrics file/,
    ],
    [
      `topic: t\n${TUMBLING}\nkey: { format: string }\ntime: { start: { field: ws, in: key } }\n${VALUE}`,
      /time\.start: a string key has no field ws; if the key is JSON, say `key: \{ format: json \}`/,
    ],
    [`topic: "a b"\n${TUMBLING}\n${VALUE}`, /not a Kafka topic name/],
    [
      `topic: t\nwindow: { type: tumbling, size: 1m, offset: 102s }\n${VALUE}`,
      /window\.offset: 102s is not shorter than the size, 1m; write 42s/,
    ],
    [
      `topic: t\nwindow: { type: hopping, size: 5m, advance: 1m, offset: 3m }\n${VALUE}`,
      /window\.offset: 3m is not shorter than the advance/,
    ],
    [
      `topic: t\nwindow: { type: calendar, unit: day, timezone: Berlin }\n${VALUE}`,
      /window\.timezone: "Berlin" is not a zone of the tz database; write e\.g\. Europe\/Berlin/,
    ],
    [
      `topic: t\nwindow: { type: calendar, unit: year, timezone: UTC }\n${VALUE}`,
      /window\.unit: "year" is not one of "hour", "day", "week", "month"/,
    ],
    [
      `topic: t\nwindow: { type: calendar, unit: hour, timezone: Australia/Lord_Howe }\n${VALUE}`,
      /window\.unit: the clocks of Australia\/Lord_Howe change by less than an hour/,
    ],
    [
      `topic: t\nretention: 3d\nhistory: [{ step: 7d, keep: 90d }]\nwindow: { type: calendar, unit: day, timezone: UTC }\n${VALUE}`,
      /history: windows without a fixed distance have no steps; set a longer retention instead/,
    ],
    [
      `topic: t\nwindow: { type: cumulating, step: 7m, size: 1h }\n${VALUE}`,
      /window\.size: 1h is not a multiple of the step, 7m\n.*time\.end: name the field that holds the end/,
    ],
    [
      `topic: t\n${TUMBLING}\nkey: { format: json }\ntime: { start: { field: at, timezone: UTC } }\n${VALUE}`,
      /time\.start\.timezone: only for unit: text/,
    ],
  ])('a fault is named: %j', (metric, message) => {
    expect(() => parseMetricsFile(minimal(metric), 'f')).toThrow(message);
  });

  test.each([
    ['window: { type: tumbling, size: 5m }', /metrics\.b\.window: differs from that of metrics\.a/],
    [`${TUMBLING}\nkey: { format: int, windowed: time }`, /metrics\.b\.key\.format: differs/],
    [`${TUMBLING}\nvalue: { format: avro }`, /metrics\.b\.value\.format: differs/],
  ])('two metrics of one topic contradict each other: %s', (second, message) => {
    const one = (name: string, entry: string): string =>
      `  ${name}:\n${`topic: t\n${VALUE}\n${entry}`.replace(/^/gm, '    ')}\n`;
    const text = (entry: string): string => `version: 1\nmetrics:\n${one('a', TUMBLING)}${one('b', entry)}`;
    expect(() => parseMetricsFile(text(second), 'f')).toThrow(message);
    expect(parseMetricsFile(text(TUMBLING), 'f')).toHaveLength(2);
  });

  test('faults of one metric do not hide what the settings of another contradict', () => {
    const text = `version: 1
metrics:
  a: { topic: t, window: { type: TUMBLING, size: 1m }, measures: { value: { field: n } } }
  b: { topic: u, key: { format: json }, window: { type: tumbling, size: 1m }, measures: { value: { field: n } } }`;
    expect(() => parseMetricsFile(text, 'f')).toThrow(
      /metrics\.a\.window\.type: [^]*metrics\.b\.time\.start: /,
    );
  });

  test('anchors and merge keys share settings', () => {
    const text = `version: 1
metrics:
  a: &a { topic: t, key: { format: string, windowed: time }, window: { type: tumbling, size: 1m }, measures: { value: { field: n } } }
  b: { <<: *a, topic: u }`;
    expect(parseMetricsFile(text, 'f').map(({ topic }) => topic)).toEqual(['t', 'u']);
  });

  test('broken YAML and a missing file say so', () => {
    expect(() => parseMetricsFile('a: [', 'broken.yaml')).toThrow(/broken\.yaml is not YAML/);
    expect(() => readMetricsFile('/does/not/exist.yaml')).toThrow(/METRICS_FILE: cannot read/);
    expect(() => parseMetricsFile('version: 1\nmetrics:\n', 'f')).toThrow(/metrics: is empty; write entries/);
    for (const empty of ['', '# nothing yet\n', '---\n', 'null']) {
      expect(() => parseMetricsFile(empty, 'm.yaml')).toThrow(/^m\.yaml is empty: write `version: 1`/);
    }
    expect(() => parseMetricsFile('version: "1"\nmetrics: {}', 'f')).toThrow(/version: write 1, not "1"/);
    expect(() => parseMetricsFile('version: 1\nmetrics: {}', 'f')).toThrow(/at least one metric/);
  });

  test('windows become what the domain knows of them', () => {
    const windowOf = (window: string, time = ''): unknown =>
      parseMetricsFile(
        minimal(`topic: t\nretention: 90d\nkey: { format: json }\n${time}\nwindow: ${window}\n${VALUE}`),
        'f',
      )[0]!.metric.window;
    const start = 'time: { start: { field: ws } }';
    const plain = { type: 'tumbling', gapMs: 0, graceMs: 0 };
    const hour = 3_600_000;
    expect(windowOf('{ type: tumbling, size: 5m, offset: 3s }', start)).toEqual({
      ...plain,
      sizeMs: 300_000,
      advanceMs: 300_000,
      offsetMs: 3_000,
    });
    expect(windowOf('{ type: calendar, unit: hour, timezone: Asia/Kolkata }', start)).toEqual({
      ...plain,
      sizeMs: hour,
      advanceMs: hour,
      offsetMs: hour / 2,
    });
    expect(windowOf('{ type: calendar, unit: day, timezone: Europe/Berlin }', start)).toEqual({
      ...plain,
      sizeMs: 24 * hour,
      advanceMs: 24 * hour,
      calendar: { unit: 'day', timeZone: 'Europe/Berlin' },
    });
    expect(windowOf('{ type: sliding, size: 10m }', start)).toEqual({
      ...plain,
      type: 'hopping',
      sizeMs: 600_000,
      advanceMs: 1,
      anyStart: true,
    });
    const end = 'time: { end: { field: we } }';
    expect(windowOf('{ type: cumulating, step: 1h, size: 1d, offset: 16h }', end)).toEqual({
      ...plain,
      sizeMs: hour,
      advanceMs: hour,
      cumulating: { sizeMs: 24 * hour, offsetMs: 16 * hour },
    });
  });

  test('durations', () => {
    expect(['500ms', '30s', '5m', '24h', '7d', '5', '', '1.5h'].map(parseDuration)).toEqual([
      500,
      30_000,
      300_000,
      86_400_000,
      604_800_000,
      null,
      null,
      null,
    ]);
  });
});
