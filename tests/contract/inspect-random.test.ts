import { parseMetricsFile } from '../../backend-bridge/src/config/metrics-file';
import { inspected, outcomes } from '../support/inspection/compared-points';
import { randomTopic } from '../support/inspection/random-topic';
import { createRandom } from '../support/seeded-random';

/** What inspect proposes for topics that a seed decides gives the points of their authors' mappings. */

const SEED = Number(process.env['INSPECT_SEED'] ?? 20_261_130);
const TOPICS = Number(process.env['INSPECT_TOPICS'] ?? 12);

const random = createRandom(SEED);
const topics = Array.from({ length: TOPICS }, (_, i) => randomTopic(random, i));

describe(`inspect on ${TOPICS} random topics (INSPECT_SEED=${SEED})`, () => {
  it.each(topics.map((topic) => [topic.about, topic] as const))('%s', (_, topic) => {
    const { records, byHand, schemas } = topic;
    const [mapping] = parseMetricsFile(byHand, 'by-hand.yaml');
    const expected = outcomes(mapping!, records, schemas);
    expect(expected.filter((one) => typeof one === 'string')).toEqual([]);
    const proposed = inspected(topic.topic, records, schemas);
    expect({ text: proposed.text, found: outcomes(proposed.mapping, records, schemas) }).toEqual({
      text: proposed.text,
      found: expected,
    });
    // No record has the grace, and a grid of starts alone may be that of longer windows.
    expect(proposed.doubts.join('\n')).toMatch(/grace: not in any record/);
  });
});
