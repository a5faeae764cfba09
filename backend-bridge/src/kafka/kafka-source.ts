import { randomUUID } from 'node:crypto';
import type { TopicMapping } from '../domain/mapping';
import { StartRefusedError } from '../domain/errors';
import type { Source } from '../domain/source';
import type { SeriesStore } from '../domain/store';
import { createSchemaRegistry } from './schema-registry';
import { createClusterView } from './cluster/cluster-view';
import { registerCodecs } from './codecs';
import { createDeadLetterWriter } from './dead-letters';
import { readFetchResponses } from './fetch/fetch-response';
import { createClient } from './kafka-client';
import { saslFor } from './login/sasl';
import type { KafkaSourceOptions } from './options';
import { createSourceTopics, type SourceTopic } from './reading/source-topic';
import { SourceSupervisor, type SupervisorDependencies } from './source-supervisor';

export type { KafkaSourceOptions } from './options';

/**
 * The Kafka source: reads mapped topics into the store through kafkajs. Throws StartRefusedError when mappings need an
 * option that is not set.
 */
export function createKafkaSource(
  options: KafkaSourceOptions,
  mappings: readonly TopicMapping[],
  store: SeriesStore,
  dependencies: Pick<SupervisorDependencies, 'log' | 'telemetry' | 'clock' | 'clockCertain'>,
): Source {
  const { log } = dependencies;
  registerCodecs();
  readFetchResponses();
  const registry = options.schemaRegistry === undefined ? null : createSchemaRegistry(options.schemaRegistry);
  const topicsOf = (read: readonly TopicMapping[]): ReadonlyMap<string, SourceTopic> => {
    checkSchemas(read, options);
    const sourceTopics = createSourceTopics(read, registry, log);
    if (sourceTopics.has(options.deadLetterTopic)) {
      throw new StartRefusedError(
        `kafka.dead_letter_topic: ${options.deadLetterTopic} is a mapped topic too; name another one`,
      );
    }
    return sourceTopics;
  };
  // One login for all clients, which share its tokens.
  const sasl = options.sasl === undefined ? undefined : saslFor(options.sasl);
  const view = createClusterView(
    createClient(options, sasl, { requestTimeoutMs: 3_000, retries: 1 }, log),
    options,
  );
  const deadLetters = createDeadLetterWriter(
    createClient(options, sasl, { requestTimeoutMs: 4_000, retries: 1 }, log),
    options.deadLetterTopic,
    dependencies,
  );
  return new SourceSupervisor(topicsOf, mappings, {
    // One client per consumer: kafkajs caches committed offsets in it.
    makeClient: () => createClient(options, sasl, { requestTimeoutMs: 20_000, retries: 4 }, log),
    view,
    options,
    bridgeId: randomUUID(),
    ...dependencies,
    store,
    registry,
    deadLetters,
  });
}

/** Throws StartRefusedError where a schema has no place that it could be had from. */
function checkSchemas(mappings: readonly TopicMapping[], options: KafkaSourceOptions): void {
  const asks = mappings.filter(({ key, value }) =>
    [key, value].some(
      ({ format, schema }) => (format === 'avro' || format === 'protobuf') && schema === undefined,
    ),
  );
  if (asks.length === 0 || options.schemaRegistry !== undefined) return;
  const names = asks.map(({ metric }) => metric.name).join(', ');
  throw new StartRefusedError(
    `SCHEMA_REGISTRY_URL: not set, and these metrics read Avro or Protobuf without a schema file: ${names}`,
  );
}
