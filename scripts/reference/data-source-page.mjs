import { code, madeBy, table } from './markdown.mjs';
import { Types } from './typescript-types.mjs';

const SOURCES = ['src/datasource/query.ts', 'src/datasource/options.ts', 'src/datasource/variable-query.ts'];

const fields = (types, name) =>
  table(
    ['field', 'type', 'meaning'],
    types
      .fields(name)
      .map((field) => [
        code(field.name),
        `${field.type}${field.isOptional ? '' : ', required'}`,
        field.meaning,
      ]),
  );

const querySchema = (path) => new Types(path('src/datasource/query.ts')).schema('QUERY_SCHEMA');

const WORDS = {
  list: 'list of string',
  filters: 'list of [QueryFilter](#queryfilter)',
};

function typeInWords({ type, choices }) {
  if (choices === undefined) return WORDS[type] ?? type;
  return `${type === 'list' ? 'list of ' : ''}${choices.map(code).join(', ')}`;
}

const queryFields = (path) =>
  table(
    ['field', 'type', 'kinds', 'meaning'],
    querySchema(path).map((field) => [
      code(field.name),
      typeInWords(field),
      field.kinds?.join(', ') ?? 'all',
      field.meaning,
    ]),
  );

/** The fields of a query as JSON: what the backend's test compares itself with. */
export const querySchemaJson = (path) =>
  `[\n${querySchema(path)
    .map((field) => JSON.stringify({ ...field, meaning: undefined }))
    .join(',\n')}\n]\n`;

/** Settings and queries of the data source, as Grafana saves them. */
export function dataSourcePage(path) {
  const types = new Types(...SOURCES.map(path));
  return `# The data source: settings and queries
${madeBy(SOURCES)}

What dashboards, alert rules and provisioning files hold. The type of the data source is \`streamkpi-realtime-datasource\`. Absent fields have the defaults named here; a field that does not belong to the query's kind is ignored.

## Settings
${types.about('StreamKpiOptions')}

\`jsonData\`:

${fields(types, 'StreamKpiOptions')}

\`secureJsonData\`: ${types.about('StreamKpiSecrets')}

${fields(types, 'StreamKpiSecrets')}

## Query
${queryFields(path)}

Saved queries also have \`version\`: 1; without it, names of older forms are read as well.

### QueryFilter
${types.about('QueryFilter')}

${fields(types, 'QueryFilter')}

Examples, as they stand in a panel's \`targets\` or a rule's \`model\` (there beside \`refId\` and \`datasource\`):

\`\`\`json
{ "version": 1, "kind": "series", "metric": "events_per_minute", "groupBy": ["segment"] }
{ "version": 1, "kind": "summary", "metric": "revenue_per_minute", "groupBy": [], "stat": "last" }
{ "version": 1, "kind": "events", "metric": "high_activity_alert", "eventState": "open" }
{ "version": 1, "kind": "forecast", "metric": "events_per_minute", "groupBy": [], "timeZone": "Europe/Berlin" }
{ "version": 1, "kind": "status", "statusAs": "lag", "statusOver": "range" }
\`\`\`

## Variables
${types.about('StreamKpiVariableQuery')}

${fields(types, 'StreamKpiVariableQuery')}

## Annotations
An annotation's \`target\` is a query of the kind \`events\`, or \`forecast\` for its anomalies. It is read with the dashboard and never streams.
`;
}
