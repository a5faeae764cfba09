import { readFileSync } from 'node:fs';
import { code, madeBy, table } from './markdown.mjs';

const BRIDGE = 'backend-bridge/src/observability/telemetry.ts';
const BACKEND = 'pkg/telemetry/metrics.go';

const list = (text = '') => [...text.matchAll(/['"](\w+)['"]/g)].map(([, name]) => code(name)).join(', ');

/** `[name, kind, labels, help]` of what the bridge's source declares. */
function bridgeMetrics(text) {
  const short = text.matchAll(/\b(counter|gauge)\(\s*'(\w+)',\s*'([^']*)',?\s*(?:\[([^\]]*)\])?/g);
  const long = text.matchAll(
    /new (Histogram)\(\{\s*name: '(\w+)',\s*help: '([^']*)',\s*(?:labelNames: \[([^\]]*)\])?/g,
  );
  return [
    ...[...short].map(([, kind, name, help, labels]) => [`streamkpi_${name}`, kind, list(labels), help]),
    ...[...long].map(([, kind, name, help, labels]) => [name, kind.toLowerCase(), list(labels), help]),
  ];
}

/** The same of the Go backend's. */
function backendMetrics(text) {
  const namespace = /namespace\s*=\s*"(\w+)"/.exec(text)[1];
  const declared = text.matchAll(
    /promauto\.New(Counter|Gauge|Histogram)(?:Vec)?\([\s\S]*?Name: "(\w+)", Help: "([^"]*)",[\s\S]*?\}(?:, \[\]string\{([^}]*)\})?\)/g,
  );
  return [...declared].map(([, kind, name, help, labels]) => [
    `${namespace}_${name}`,
    kind.toLowerCase(),
    list(labels),
    help,
  ]);
}

const metrics = (rows) =>
  table(
    ['metric', 'kind', 'labels', 'meaning'],
    rows.map(([name, ...rest]) => [code(name), ...rest]),
  );

/** What Prometheus can scrape. */
export function metricsPage(path) {
  const read = (file) => readFileSync(path(file), 'utf8');
  return `# Prometheus metrics
${madeBy([BRIDGE, BACKEND])}

## The bridge
At \`/metrics\`, scope \`observe\`; besides these the usual ones of a Node process (\`process_*\`, \`nodejs_*\`). Each bridge reports the partitions that it reads.

${metrics(bridgeMetrics(read(BRIDGE)))}

## The data source's backend
At Grafana's \`/metrics/plugins/streamkpi-realtime-datasource\`, one process for all data sources of a node.

${metrics(backendMetrics(read(BACKEND)))}
`;
}
