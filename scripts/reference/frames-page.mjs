import { code, madeBy, table } from './markdown.mjs';
import { GoTypes } from './go-types.mjs';
import { Types } from './typescript-types.mjs';

const META = 'src/frames/frame-meta.ts';
const MESSAGE = 'pkg/live/message.go';

const fields = (of) =>
  table(
    ['field', 'type', 'meaning'],
    of.map((field) => [
      code(field.name),
      `${field.type}${field.isOptional ? ', optional' : ''}`,
      field.meaning,
    ]),
  );

/** What frames say of themselves, and the messages of a live channel. */
export function framesPage(path) {
  const meta = new Types(path(META));
  const live = new GoTypes(path(MESSAGE));
  return `# Frames and the live channel
${madeBy([META, MESSAGE])}

For panels, transformations and tests that read what the data source gives. Times are integer milliseconds UTC.

## Frames
| query | frames |
| --- | --- |
| series | one a series, type \`timeseries-multi\` 0.1: a time and one number with its labels, unit and name |
| summary with \`stat\` | one a series, type \`numeric-multi\` 0.1: one number with its labels |
| summary without | one table, a row a series |
| events | one table, newest first; \`count\` and \`value\` are \`numeric-multi\` |
| status | one table, a row a hop; the numbers are \`numeric-multi\`, over a range \`timeseries-multi\` |

A second number, a boolean or a text column would fail a whole alert rule: nothing of the kind is in series and numbers. What else there is to say stands in the metadata.

## Metadata
${meta.about('StreamKpiFrameMeta')}

${fields(meta.fields('StreamKpiFrameMeta'))}

States: ${meta.about('ConnectionState') || meta.about('CONNECTION_STATES')}

### LiveMeta
${meta.about('LiveMeta')}

${fields(meta.fields('LiveMeta'))}

### ForecastMeta
${meta.about('ForecastMeta')}

${fields(meta.fields('ForecastMeta'))}

### BridgeStatus
${meta.about('BridgeStatus')} A whole one stands in [http.md](http.md#statusanswer).

${fields(meta.fields('BridgeStatus'))}

### HopStatus
${fields(meta.fields('HopStatus'))}

## Live channel
\`ds/<uid of the data source>/<path>\`; the path is a hash of organisation, data source, token and canonical query, never of a time range, and comes with the frame (\`live.path\`). Why it is so is in [a decision](../decisions/0007-live-channels.md). To subscribe, send \`{"query": <live.query>, "from_ms": <start of your range>}\`; for any other query the channel is refused.

Each message is one JSON object:

${fields(live.fields('Message'))}

| type | meaning |
| --- | --- |
${live
  .constants('Type')
  .map(({ value, meaning }) => `| ${code(value)} | ${meaning} |`)
  .join('\n')}

A series in \`series\`; points with the revision that you hold, or an older one, are to be left alone:

${fields(live.fields('Series'))}

Events are those of [http.md](http.md#event). Ask for history again when the stream's id changes, a number in \`seq\` is missing, or a \`gap\` comes; subscribe again when its \`from_ms\` lies after the start of your range.
`;
}
