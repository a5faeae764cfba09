import { MetricsFileError, parseMetricsFile } from './config/metrics-file';
import type { Settings } from './config/settings';
import { createRecordDecoder } from './decoding/record-decoder';
import { SchemaNeeded } from './decoding/undecodable';
import { RequestError, StartRefusedError } from './domain/errors';
import type { Inspector, MappingOutcome } from './domain/inspecting';
import type { TopicMapping } from './domain/mapping';
import type { Clock, Log } from './domain/telemetry';
import { outcomeOf, unreadOutcome } from './inspection/mapping-outcome';
import { doubtsOf, mappingText } from './inspection/mapping-text';
import { proposeMapping } from './inspection/proposal';
import { brokerOptions, registryOptions } from './kafka-connection';
import { createTopicSampler, type SampleSize, type TopicSampler } from './kafka/sampling/topic-sampler';
import { createSchemaRegistry, type SchemaRegistry } from './kafka/schema-registry';

/** Looks at topics with the bridge's own settings: what `npm run inspect`, `--check` and the two calls of the API do. */

const TO_INSPECT: SampleSize = { oldest: 200, newest: 400 };
const TO_CHECK: SampleSize = { oldest: 0, newest: 100 };
/** Bytes that only look like ids of schemas may name any. */
const MOST_SCHEMAS = 200;

const NO_KAFKA = 'This bridge reads no Kafka; set KAFKA_BROKERS to the brokers of the topic.';

const emptyTopic = (topic: string): string =>
  `Topic ${topic} is empty: nothing was written to it yet, or its retention has taken all; check it again when it has records.`;

/** Runs work that throws SchemaNeeded again until the schemas that it needs are fetched. */
async function withSchemas<T>(registry: SchemaRegistry | null, work: () => T): Promise<T> {
  for (let asked = 0; ; asked += 1) {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof SchemaNeeded) || registry === null || asked === MOST_SCHEMAS) throw error;
      await registry.load(error.schemaId);
    }
  }
}

export interface InspectorOptions {
  /** Beside it lie the schema files that a mapping names. */
  readonly metricsFile: string;
  /** Whether the mapping is a caller's: it may then name files beside the metrics file only. */
  readonly foreign: boolean;
}

interface Faults {
  readonly faults: readonly string[];
  readonly mappings: readonly TopicMapping[];
}

/** The mappings of a metrics file's text, or all its faults. */
function readMappings(
  text: string,
  { metricsFile, foreign }: InspectorOptions,
  registry: SchemaRegistry | null,
): Faults {
  let mappings: readonly TopicMapping[];
  try {
    mappings = parseMetricsFile(text, metricsFile, { foreign });
  } catch (error) {
    if (error instanceof MetricsFileError) return { faults: error.problems, mappings: [] };
    if (error instanceof StartRefusedError) return { faults: [error.message], mappings: [] };
    throw error;
  }
  const faults = mappings.flatMap((mapping) => {
    try {
      createRecordDecoder(mapping, { schemas: registry, onUnsafeInteger: () => undefined });
      return [];
    } catch (error) {
      if (!(error instanceof StartRefusedError)) throw error;
      return [`metrics.${mapping.metric.name}: ${error.message}`];
    }
  });
  const asking = mappings.filter(({ key, value }) =>
    [key, value].some(
      ({ format, schema }) => (format === 'avro' || format === 'protobuf') && schema === undefined,
    ),
  );
  if (registry === null) {
    faults.push(
      ...asking.map(
        ({ metric }) =>
          `metrics.${metric.name}: reads Avro or Protobuf without a schema file; set SCHEMA_REGISTRY_URL, or name the file`,
      ),
    );
  }
  return { faults, mappings: faults.length > 0 ? [] : mappings };
}

/** `settings.kafka` says where and how. Throws StartRefusedError for files of its that cannot be read. */
export function createInspector(
  settings: Pick<Settings, 'kafka'>,
  options: InspectorOptions,
  { log, clock }: { readonly log: Log; readonly clock: Clock },
): Inspector {
  const { kafka } = settings;
  const registry = registryOptions(kafka);
  const schemas = registry === undefined ? null : createSchemaRegistry(registry);

  const sampling = async <T>(work: (sampler: TopicSampler) => Promise<T>): Promise<T> => {
    const sampler = createTopicSampler({ ...brokerOptions(kafka), clientId: kafka.client_id }, log);
    try {
      return await work(sampler);
    } finally {
      await sampler.close();
    }
  };

  const outcome = async (mapping: TopicMapping, sampler: TopicSampler): Promise<MappingOutcome> => {
    try {
      const { records, partitions } = await sampler.sample(mapping.topic, TO_CHECK);
      const newest = [...records]
        .sort((a, b) => a.timestampMs - b.timestampMs || a.offset - b.offset)
        .slice(-TO_CHECK.newest);
      if (newest.length === 0) return unreadOutcome(mapping, emptyTopic(mapping.topic));
      return await withSchemas(schemas, () =>
        outcomeOf(mapping, { records: newest, partitions }, schemas, clock()),
      );
    } catch (error) {
      if (error instanceof RequestError) return unreadOutcome(mapping, error.message);
      throw error;
    }
  };

  return {
    inspect: async (topic) => {
      if (kafka.brokers.length === 0) throw new RequestError('not_inspectable', NO_KAFKA);
      const sample = await sampling((sampler) => sampler.sample(topic, TO_INSPECT));
      const proposal = await withSchemas(schemas, () => proposeMapping(sample, schemas));
      const mapping = mappingText(proposal);
      const [read] = parseMetricsFile(mapping, options.metricsFile);
      return {
        topic,
        partitions: sample.partitions,
        recordsRead: sample.records.length,
        records: proposal.records,
        mapping,
        doubts: doubtsOf(proposal),
        outcome: await withSchemas(schemas, () => outcomeOf(read!, sample, schemas, clock())),
      };
    },
    check: async (text) => {
      const { faults, mappings } = readMappings(text, options, schemas);
      if (mappings.length === 0 || kafka.brokers.length === 0) return { faults, outcomes: [] };
      const outcomes = await sampling(async (sampler) => {
        const all: MappingOutcome[] = [];
        for (const mapping of mappings) all.push(await outcome(mapping, sampler));
        return all;
      });
      return { faults, outcomes };
    },
  };
}
