import type { SampledRecord, TopicSample } from '../../decoding/topic-sample';
import { RequestError } from '../../domain/errors';
import { createClusterView, type ClusterView } from '../cluster/cluster-view';
import { registerCodecs } from '../codecs';
import { readFetchResponses } from '../fetch/fetch-response';
import type { FetchedMessage } from '../fetch/record-batch';
import { createClient } from '../kafka-client';
import { saslFor } from '../login/sasl';
import type { KafkaSourceOptions } from '../options';
import { toRecord } from '../reading/slice';
import type { Log } from '../../domain/telemetry';

/** How many records of a topic are looked at. */
export interface SampleSize {
  readonly oldest: number;
  readonly newest: number;
}

/** Reads some records of a topic, without a consumer group and without writing anything. */
export interface TopicSampler {
  /** Rejects with RequestError where the topic is missing or may not be read, with UnavailableError where no broker answers. */
  sample(topic: string, size: SampleSize): Promise<TopicSample>;
  close(): Promise<void>;
}

/** Of topics with more, this many partitions are read, spread over all. */
const MOST_PARTITIONS = 24;
const FETCH_BYTES = 262_144;
const MOST_BYTES = 16_777_216;
const MOST_MS = 15_000;
/** Compacted topics have gaps: the search for their newest records doubles its distance this many times, then goes to the start. */
const MOST_STEPS_BACK = 6;

/** Remaining bounds of one sample. */
class Budget {
  private bytes = MOST_BYTES;
  private readonly until = performance.now() + MOST_MS;

  get spent(): boolean {
    return this.bytes <= 0 || performance.now() > this.until;
  }

  take(messages: readonly FetchedMessage[]): void {
    for (const { key, value } of messages) this.bytes -= (key?.length ?? 0) + (value?.length ?? 0);
  }
}

/** Describe on a topic does not include Read. */
const explainRefusal =
  (topic: string) =>
  (error: unknown): never => {
    const { type } = ((error as Error).cause ?? {}) as { readonly type?: unknown };
    if (type !== 'TOPIC_AUTHORIZATION_FAILED') throw error;
    throw new RequestError(
      'not_inspectable',
      `Topic ${topic} cannot be read: the brokers do not let this user read it; allow Read.`,
    );
  };

function spreadPartitions(count: number): number[] {
  const taken = Math.min(count, MOST_PARTITIONS);
  return Array.from({ length: taken }, (_, i) => Math.floor((i * count) / taken));
}

export function createTopicSampler(
  options: Pick<KafkaSourceOptions, 'brokers' | 'clientId' | 'ssl' | 'sasl'>,
  log: Log,
): TopicSampler {
  registerCodecs();
  readFetchResponses();
  const sasl = options.sasl === undefined ? undefined : saslFor(options.sasl);
  const client = createClient(options, sasl, { requestTimeoutMs: 3_000, retries: 1 }, log);
  return samplerOn(createClusterView(client, options));
}

/** The same over any view of a cluster. */
export function samplerOn(view: Pick<ClusterView, 'describeTopics' | 'read' | 'close'>): TopicSampler {
  interface Part {
    readonly topic: string;
    readonly partition: number;
    readonly from: number;
    readonly to: number;
  }

  /** Records of [from, to), at most `most` of them, the first ones. */
  const readUp = async ({ topic, partition, from, to }: Part, most: number, budget: Budget) => {
    const found: FetchedMessage[] = [];
    for (let at = from; at < to && found.length < most && !budget.spent;) {
      const { messages, next } = await view
        .read(topic, partition, at, FETCH_BYTES)
        .catch(explainRefusal(topic));
      if (next <= at) break;
      budget.take(messages);
      found.push(...messages.filter(({ offset }) => Number(offset) < to));
      at = next;
    }
    return found.slice(0, most);
  };

  /** The last `most` records of [from, to). */
  const readBack = async (part: Part, most: number, budget: Budget) => {
    let found: FetchedMessage[] = [];
    let back = most;
    for (let step = 0; step < MOST_STEPS_BACK && !budget.spent; step += 1) {
      const isLast = step === MOST_STEPS_BACK - 1 && found.length === 0;
      const from = isLast ? part.from : Math.max(part.from, part.to - back);
      found = await readUp({ ...part, from }, Number.POSITIVE_INFINITY, budget);
      if (found.length >= most || from === part.from) break;
      back *= 2;
    }
    return found.slice(-most);
  };

  return {
    sample: async (topic, { oldest, newest }) => {
      const seen = (await view.describeTopics([topic])).get(topic);
      if (seen === undefined || seen.state === 'missing') {
        throw new RequestError(
          'not_found',
          `Topic ${topic} does not exist on these brokers, or this user may not see it; compare its name with kafka-topics.sh --list.`,
        );
      }
      if (seen.state === 'unready') {
        throw new RequestError('not_inspectable', `Topic ${topic} cannot be read: ${seen.reason}.`);
      }
      const { starts, ends } = seen;
      const budget = new Budget();
      const partitions = spreadPartitions(ends.length).filter((each) => ends[each]! > starts[each]!);
      const share = (count: number): number => Math.ceil(count / Math.max(1, partitions.length));
      const records: SampledRecord[] = [];
      for (const partition of partitions) {
        const part = { topic, partition, from: starts[partition]!, to: ends[partition]! };
        const late = await readBack(part, share(newest), budget);
        const to = late.length > 0 ? Number(late[0]!.offset) : part.to;
        const early = oldest > 0 ? await readUp({ ...part, to }, share(oldest), budget) : [];
        for (const message of [...early, ...late]) {
          const { key, value, offset, timestampMs, headers, refusal = null } = toRecord(message);
          records.push({ key, value, offset, timestampMs, headers, refusal, partition });
        }
      }
      return { topic, partitions: ends.length, records };
    },
    close: () => view.close(),
  };
}
