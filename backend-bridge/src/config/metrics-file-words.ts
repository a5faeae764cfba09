import type { Vocabulary } from './problems';

/** What authors of metrics files write in the words of other systems, and what to write instead. */

/** The advice is one of the setting's choices, or a clause. */
type Rules = readonly (readonly [given: RegExp, advice: string])[];

/** By setting, or by its parent and setting. Of the rules of a setting the first that fits counts. */
const INSTEAD: Readonly<Record<string, Rules>> = {
  format: [
    [/^debezium[-_]?avro/, 'write `format: avro`, and fields as `after.orders`'],
    [/^debezium/, 'write `format: json`, and fields as `after.orders`'],
    [
      /^(canal|maxwell|ogg)/,
      'its envelope is not supported; let the connector write plain rows or Debezium’s',
    ],
    [/^(kafka[-_]?)?connect|json/, 'json'],
    [/avro/, 'avro'],
    [/^proto.*no_?sr/, 'write `format: protobuf`, and name its file in `schema`'],
    [/proto/, 'protobuf'],
    [/^[ctp]sv/, 'write `format: delimited`, and name the `columns`'],
    [/^(kafka|raw|upsert-kafka|primitive)$/, 'name the type of the payload: string, int, long or double'],
    [/^none$/, 'a record without a value is a delete; name the format of the others'],
    [/bigint|int64|long/, 'long'],
    [/short|int16|smallint/, 'short'],
    [/int/, 'int'],
    [/float64|double|decimal|number/, 'write `format: double` for 8 bytes, `format: string` for digits'],
    [/float|real/, 'float'],
    [/string|text|utf-?8|varchar|uuid/, 'string'],
    [/^bytes|binary|bytearray/, 'say what the bytes are'],
    [/^glue/, 'write `format: avro` or `format: protobuf`, with `framing: glue` and a `schema`'],
    [
      /^(xml|cloudevents|boolean|messagepack|msgpack|cbor|thrift|parquet|orc|bson|smile)$/,
      'it is not supported',
    ],
  ],
  windowed: [
    [/^(true|yes|tumbl|hop|slid)/, 'write `windowed: time`, or `windowed: session` for session windows'],
    [/^(false|no|plain)/, 'none'],
  ],
  type: [
    [/^(day|daily|week|month|hour)/, 'write `type: calendar`, with a `unit` and a `timezone`'],
    [/^(fixed|time|tumbl)/, 'tumbling'],
    [/^cumul/, 'cumulating'],
    [/^slid/, 'sliding'],
  ],
  'window.unit': [
    [/^\d*h|^hour/, 'hour'],
    [/^\d*d/, 'day'],
    [/^\d*w/, 'week'],
    [/^(quarter|year)/, 'a month is the longest unit'],
  ],
  unit: [
    [/iso|string|date|timestamp|sql|rfc/, 'text'],
    [/milli/, 'ms'],
    [/micro/, 'us'],
    [/nano/, 'ns'],
    [/sec/, 's'],
    [/epoch|unix/, 'write `unit: s` for seconds since 1970, `unit: ms` for milliseconds'],
  ],
  combine: [
    [/^(count|total|add|plus)/, 'sum'],
    [/^(average|mean)/, 'write `combine: avg`, with `sum_from` and `count_from`'],
    [/^(last|first|latest|any|median|p\d|percentile)/, 'series cannot be combined so; write `combine: none`'],
  ],
  over_time: [
    [/^(average|mean)/, 'avg'],
    [/^(latest|newest|current)/, 'last'],
    [/^(total|count)/, 'sum'],
  ],
  severity: [[/^(error|high|fatal)/, 'critical']],
  kind: [[/^(alert|notification)/, 'event']],
  framing: [[/registry|^sr$/, 'confluent']],
};

const THRESHOLDS = '`thresholds: [{ value: 10, color: red }]`';

/** How a setting is written, by its name; `''`: the whole file. */
const EXAMPLES: Readonly<Record<string, string>> = {
  '': '`version: 1` and, under `metrics:`, a metric for each topic',
  metrics: '`metrics: { orders: { topic: orders-by-shop, … } }`',
  topic: '`topic: orders-by-shop`',
  key: '`key: { format: string, windowed: time }`',
  value: '`value: { format: json }`',
  format: '`format: json`',
  columns: '`columns: [shop, orders]`',
  window: '`window: { type: tumbling, size: 1m, grace: 30s }`',
  size: '`size: 1m`',
  advance:
    '`advance: 10s`, the time between the starts of two windows; where they do not overlap, `type: tumbling`',
  gap: '`gap: 30m`, the pause that ends a session',
  step: '`step: 1h`',
  unit: '`unit: day`',
  timezone: '`timezone: Europe/Berlin`',
  time: '`time: { start: { field: window_start, unit: ms } }`',
  start: '`start: { field: window_start, unit: ms }`, `start: key` or `start: timestamp`',
  end: '`end: { field: window_end, unit: ms }`',
  event_time: '`event_time: { field: updated_at, unit: ms }` or `event_time: timestamp`',
  dimensions: '`dimensions: { shop: { from: key } }`',
  from: '`from: key` for the whole key, `from: { key: shop }` or `from: { value: shop }`',
  measures: '`measures: { value: { field: orders, combine: sum } }`',
  field: '`field: orders`, or `field: $` for the whole value',
  thresholds: THRESHOLDS,
  event: "`event: { severity: warning, message: '{value} orders' }`",
  message: "`message: '{value} orders'`",
  history: '`history: [{ step: 1h, keep: 90d }]`',
  final_only: '`final_only: true`',
  optional: '`optional: true`',
  max_series: '`max_series: 100000`',
};

/** The same for entries whose names are the author's own. */
const ENTRY_EXAMPLES: Readonly<Record<string, string>> = {
  metrics: '`orders: { topic: orders-by-shop, … }`',
  dimensions: '`shop: { from: key }`',
  measures: '`value: { field: orders, combine: sum }`',
  thresholds: THRESHOLDS,
};

/** What settings of other names are called here. */
const UNKNOWN: Rules = [
  [/^(advance_?by|slide|hop)$/i, 'write `advance`'],
  [/^(inactivity(_?gap)?|timeout|session_?gap)$/i, 'write `gap`'],
  [/^(grace_?period)$/i, 'write `grace`, in `window`'],
  [/^(grace|size|advance|gap|offset|step)$/, 'it belongs in `window`'],
  [/^(max_?size)$/i, 'write `size`'],
  [/^(time_?zone|tz|zone)$/i, 'write `timezone`'],
  [/^(key|value)_?format$/i, 'write `key: { format: … }` or `value: { format: … }`'],
  [/^(window|key|value|time)\./, 'write its parts one in the other: `window: { size: 1m }`'],
  [/^topics$/, 'write `topic`; several topics are several metrics'],
  [/^(agg|aggregat(e|ion)|function)$/i, 'write `combine`'],
  [/^(ttl|keep|expir(y|es))$/i, 'write `retention`'],
  [/^emit(_changes)?$/i, 'write `final_only: true` for EMIT FINAL, nothing for EMIT CHANGES'],
  [/^(labels|tags|group_?by|keys)$/i, 'write `dimensions`'],
  [/^(values|fields|metrics)$/i, 'write `measures`'],
  [/^(name|label)$/i, 'write `title`'],
  [/^(timestamp|time_?field|window_?start|windowstart)$/i, 'write `time: { start: … }`'],
  [/^(schema_?registry(_?url)?|registry)$/i, 'set SCHEMA_REGISTRY_URL for the bridge'],
  [/^schema_?(id|subject|version)$/i, 'the id is in each record; leave it out'],
  [/^(schema_?file|proto|avsc)$/i, 'write `schema`'],
  [/^(message_?(name|type)|type_?name)$/i, 'write `message`'],
  [/^(separator|field_?delimiter|sep)$/i, 'write `delimiter`'],
];

/** What a name is called in another place of the file. */
const UNKNOWN_IN: Readonly<Record<string, Rules>> = {
  dimensions: [[/^(field|path|column)$/, 'write `from: { value: … }`, or `from: { key: … }`']],
  measures: [
    [/^(path|column|source|from)$/, 'write `field`'],
    [/^type$/, 'write `combine`'],
  ],
  window: [
    [/^advance$/, 'only for `type: hopping`'],
    [/^step$/, 'only for `type: cumulating`'],
    [/^gap$/, 'only for `type: session`'],
    [/^(unit|timezone)$/, 'only for `type: calendar`'],
    [/^size$/, 'sessions have a `gap`, calendar windows a `unit`'],
    [/^offset$/, 'only for tumbling, hopping and cumulating windows'],
  ],
  time: [
    [/^(format|pattern)$/, 'write `unit`: ms, s, us, ns, or text for ISO 8601 and yyyy-MM-dd HH:mm:ss'],
    [/^from$/, 'write `in: key` or `in: value`'],
  ],
};

/** Names in a file may be those of what every object has. */
const own = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;

const found = (rules: Rules, given: string): string | undefined =>
  rules.find(([pattern]) => pattern.test(given))?.[1];

/** The settings that a path names, without entries of lists. */
const namesOf = (path: readonly string[]): string[] => path.filter((part) => !/^\d+$/.test(part));

export const METRICS_FILE_WORDS: Vocabulary = {
  instead: (path, given) => {
    const names = namesOf(path);
    const name = names.at(-1) ?? '';
    const rules = own(INSTEAD, `${names.at(-2)}.${name}`) ?? own(INSTEAD, name) ?? [];
    return found(rules, given.toLowerCase());
  },
  example: (path) => {
    const [parent = '', name = ''] = ['', ...namesOf(path)].slice(-2);
    return own(ENTRY_EXAMPLES, parent) ?? own(EXAMPLES, name);
  },
  unknown: (path, name) => {
    const place = Object.keys(UNKNOWN_IN).find((one) => path.includes(one));
    return (place === undefined ? undefined : found(UNKNOWN_IN[place]!, name)) ?? found(UNKNOWN, name);
  },
};
