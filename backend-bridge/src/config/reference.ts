import { z } from 'zod';
import { ENVIRONMENT } from './environment-variables';
import { metricsFileSchema } from './metrics-schema';
import { settingsSchema } from './settings-schema';

/** Generates the reference tables in docs/reference/ from the schemas; a test compares the files. */

interface Node {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: string | number;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | boolean;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly secret?: boolean;
  readonly format?: string;
}

interface Row {
  readonly key: string;
  readonly node: Node;
  readonly required: boolean;
}

const UNBOUNDED = [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];

function typeOf(node: Node): string {
  if (node.format === 'duration') return 'duration';
  if (node.const !== undefined) return `\`${String(node.const)}\``;
  if (node.enum !== undefined) return node.enum.map((value) => `\`${String(value)}\``).join(', ');
  const choices = node.anyOf ?? node.oneOf;
  if (choices !== undefined) return [...new Set(choices.map(typeOf))].join(' or ');
  if (node.type === 'array') return `list of ${typeOf(node.items ?? {})}`;
  if (node.type === 'object') {
    const names = Object.keys(node.properties ?? {});
    return names.length > 0 ? `{ ${names.join(', ')} }` : 'object';
  }
  const bounds = [node.minimum, node.maximum].filter(
    (bound) => bound !== undefined && !UNBOUNDED.includes(bound),
  );
  const base = [node.type ?? 'any'].flat().join(' or ');
  return bounds.length === 0
    ? base
    : `${base}, ${node.minimum ?? ''}..${UNBOUNDED.includes(node.maximum ?? NaN) ? '' : (node.maximum ?? '')}`;
}

const describedAs = ({ description }: Node): Node => (description === undefined ? {} : { description });

function rowsOf(node: Node, path: string, required: boolean): Row[] {
  const inner = Object.entries(node.properties ?? {});
  const map = typeof node.additionalProperties === 'object' ? node.additionalProperties : null;
  if (map?.properties !== undefined) return rowsOf(map, `${path}.<name>`, false);
  const variants =
    node.oneOf?.every((choice) => choice.properties !== undefined) === true ? node.oneOf : null;
  if (variants !== null) {
    const merged: Record<string, Node> = {};
    for (const variant of variants) {
      for (const [key, value] of Object.entries(variant.properties ?? {})) {
        const before = merged[key];
        merged[key] =
          before === undefined
            ? value
            : { ...describedAs(before), anyOf: [...(before.anyOf ?? [before]), value] };
      }
    }
    return rowsOf({ properties: merged }, path, required);
  }
  if (inner.length === 0 || path.split('.').length > 5) return [{ key: path, node, required }];
  return inner.flatMap(([key, child]) =>
    rowsOf(
      child,
      path === '' ? key : `${path}.${key}`,
      node.required?.includes(key) === true && child.default === undefined,
    ),
  );
}

function defaultOf({ node, required }: Row): string {
  if (required) return 'required';
  return node.default === undefined ? '' : `\`${JSON.stringify(node.default)}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function jsonSchema(schema: z.ZodType): Node {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as Node;
}

export function settingsReference(): string {
  const variables = new Map(ENVIRONMENT.map(({ name, path }) => [path.join('.'), name]));
  const rows = rowsOf(jsonSchema(settingsSchema), '', false).map((row) => [
    `\`${row.key}\``,
    variables.has(row.key) ? `\`${variables.get(row.key)}\`` : '',
    typeOf(row.node),
    defaultOf(row),
    `${row.node.description ?? ''}${row.node.secret === true ? ' A secret: masked when printed; may come from a file.' : ''}`.trim(),
  ]);
  return `# Settings
<!-- Made by \`npm run generate\` from backend-bridge/src/config/; do not edit. -->

A YAML file named by \`BRIDGE_CONFIG\`, and environment variables over it. In the file \`kafka.brokers\` is \`brokers\` under \`kafka\`, e.g. \`kafka: { brokers: ["broker-1:9092"], group_id: kpis }\`. Unknown or wrong settings stop the start with a sentence. \`npm run bridge -- --print-config\` prints what takes effect. A secret may come from a file named by the same variable with \`_FILE\`. Durations are text with a unit (\`500ms\`, \`30s\`, \`5m\`, \`24h\`, \`7d\`).

${table(['key', 'variable', 'type', 'default', 'meaning'], rows)}
`;
}

export function metricsFileReference(): string {
  const rows = rowsOf(jsonSchema(metricsFileSchema), '', false).map((row) => [
    `\`${row.key}\``,
    typeOf(row.node),
    defaultOf(row),
    row.node.description ?? '',
  ]);
  return `# metrics.yaml
<!-- Made by \`npm run generate\` from backend-bridge/src/config/; do not edit. -->

Which topics feed which metrics, without code; \`METRICS_FILE\` names the file, [backend-bridge/metrics.yaml](../../backend-bridge/metrics.yaml) is the default and a complete example. Faults stop the start, all of them named at once. The first measure is named \`value\`. Fields are found by their exact name first, then in any case. Durations are text with a unit.

${table(['key', 'type', 'default', 'meaning'], rows)}

A time read from a field: \`field\` as above, \`unit\` is \`ms\` (default), \`s\`, \`us\` or \`ns\` since 1970, or \`text\` (ISO 8601 or \`2026-01-31 10:00:00\`, which is UTC where it names no zone, unless \`timezone\` says another), \`in\` is \`value\` (default) or \`key\`. A topic with plain keys, as Flink writes them:

\`\`\`yaml
version: 1
metrics:
  orders:
    topic: orders-per-minute
    key: { format: json }
    window: { type: tumbling, size: 1m, grace: 10s }
    time: { start: { field: window_start, unit: text, in: key } }
    dimensions: { shop: { from: { key: shop } } }
    measures: { value: { field: orders, combine: sum } }
\`\`\`

Windows, by \`type\`:

| type | windows | steps, \`history\`, forecasts |
| --- | --- | --- |
| \`tumbling\` | of one \`size\`, side by side; \`offset: 42s\` where they begin at 16:00:42, 16:01:42, ... | yes |
| \`hopping\` | of one \`size\`, one every \`advance\` | yes |
| \`cumulating\` | with one start, growing by a \`step\` up to a \`size\` (Flink's CUMULATE); a point for each step, shown at the start of the step, with what the window has come to by its end. Needs \`time.end\` | yes |
| \`calendar\` | local days, weeks (from Monday) or months: \`unit\` and \`timezone\`; days of 23 and of 25 hours are whole days | no |
| \`calendar\` with \`unit: hour\` | local hours: those of \`tumbling\` with the zone's offset | yes |
| \`sliding\` | of one \`size\`, beginning at any time (Kafka Streams' SlidingWindows) | no |
| \`tumbling\` with \`offset: any\` | of one \`size\`, each series with an offset of its own | no |
| \`session\` | ended by a \`gap\` | no |

A topic with only the end of its windows: name it in \`time.end\` and leave \`time.start\` out. An end may be the first millisecond after the window, or its last.

A record without a value (tombstone) removes its point. It can only say which when the start and all dimensions are in the key; with the start in the value it is a dead letter.

What must not change under stored points: kind, topic, window (all but its grace), final_only, and the names and order of dimensions and measures. \`retention\`, \`history\`, \`grace\` and \`idle\` [may](../guides/connect-your-topics.md#when-the-mapping-changes). The bridge refuses to start on a store that holds the metric in another shape, and says what differs.
`;
}
