import { code, madeBy, table } from './markdown.mjs';
import { Contract } from './schema-fields.mjs';

const HTTP = 'backend-bridge/api/openapi.yaml';
const WEBSOCKET = 'backend-bridge/api/websocket.yaml';
/** Schemas so small that their words say all of them. */
const PLAIN = new Set(['Error', 'RawEvents', 'HopState', 'QueryHead', 'Filters', 'GroupBy']);

const oneLine = (text) => text.replaceAll(/\s+/g, ' ').trim();
/** The sections of a contract's description, one level below the page's own headings. */
const about = (contract) => contract.document.info.description.trim().replaceAll(/^## /gm, '### ');

const fieldTable = (contract, schema, linked) =>
  table(['field', 'type', 'always', 'meaning'], contract.rows(schema, linked));

/** The HTTP calls of the bridge. */
export function httpPage(path) {
  const contract = new Contract(path(HTTP));
  const objects = Object.entries(contract.schemas).filter(
    ([name, schema]) => !PLAIN.has(name) && contract.fields(schema).length > 0,
  );
  const linked = new Set(objects.map(([name]) => name));
  const calls = Object.entries(contract.document.paths).flatMap(([url, methods]) =>
    Object.entries(methods).map(([method, call]) => {
      const body = call.requestBody?.content['application/json'].schema;
      const answer = Object.entries(call.responses).find(([status]) => status.startsWith('2'))[1];
      const schema = answer.content?.['application/json']?.schema;
      const parameters = (call.parameters ?? []).filter((parameter) => parameter.in === 'query');
      return [
        code(`${method.toUpperCase()} ${url}`),
        [
          body === undefined ? '' : contract.words(body, linked),
          parameters.map(({ name, required }) => code(required === true ? name : `${name}?`)).join(', '),
        ]
          .filter((part) => part !== '')
          .join(' '),
        schema === undefined ? '' : contract.words(schema, linked),
        oneLine(`${call.summary} ${call.description ?? ''}`),
      ];
    }),
  );
  return `# HTTP of the bridge
${madeBy([HTTP])}

The contract itself, with its schemas and examples: [openapi.yaml](../../${HTTP}). The same port serves [the WebSocket](websocket.md).

## Calls
${table(['call', 'takes', 'gives', 'what'], calls)}

## What holds for all of them
${about(contract)}

## Error codes
\`{"error": {"code": "unknown_metric", "message": "...", "retryable": false, "details": {}}}\`

${contract.schemas.ErrorCode.description.trim()}

## Objects
${objects.map(([name, schema]) => `### ${name}\n${contract.description(schema)}\n\n${fieldTable(contract, schema, linked)}`.replaceAll(/\n{3,}/g, '\n\n')).join('\n\n')}
`;
}

/** Both levels of the bridge's WebSocket protocol. */
export function webSocketPage(path) {
  const contract = new Contract(path(WEBSOCKET));
  const { channels, operations } = contract.document;
  const messages = (operation) =>
    operations[operation].messages.map(({ $ref }) => {
      const { payload } = channels.root.messages[$ref.split('/').at(-1)];
      return payload.$ref.split('/').at(-1);
    });
  const [sent, received] = [messages('fromClient'), messages('toClient')];
  const parts = ['Filter', 'Series', 'Event', 'Aggregator', 'PointMetadata'];
  const linked = new Set([...sent, ...received, ...parts]);
  const section = (name) => {
    const schema = contract.schemas[name];
    const type = schema.properties.type?.const;
    const title = type === undefined ? '' : `${code(`"type": "${type}"`)}.`;
    return `### ${name}\n${`${title} ${contract.description(schema)}`.trim()}\n\n${fieldTable(contract, schema, linked)}`;
  };
  return `# WebSocket of the bridge
${madeBy([WEBSOCKET])}

The contract itself: [websocket.yaml](../../${WEBSOCKET}). It is on the port of [HTTP](http.md), at \`/\`. Error codes are those of [HTTP](http.md#error-codes).

\`\`\`
-> {"type":"subscribe_metric","id":"a","metric_name":"events_per_minute","group_by":[]}
<- {"type":"subscribed","id":"a","metric":"events_per_minute","measure":"value","step_ms":60000,"series":[...],...}
<- {"type":"series_update","id":"a","seq":1,"series":[{"labels":{},"times":[1700000040000],"values":[42],"revisions":[7]}],...}
\`\`\`

## Messages of a client
${sent.map(section).join('\n\n')}

## Messages of the bridge
${received.map(section).join('\n\n')}

## Parts of them
${parts.map(section).join('\n\n')}

## What holds for all of them
${about(contract)}
`;
}
