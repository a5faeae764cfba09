import type { KafkaBroker } from '../../support/kafka';
import type { Endings } from '../scenario';
import { startGenerator } from './generator';
import { lastFullWindow } from './records';

export interface FilledTopic {
  readonly topic: string;
  readonly series: number;
  readonly windows: number;
  /** Points: one record each. */
  readonly n: number;
  /** Start of the newest window. */
  readonly lastWindowMs: number;
}

/** A topic with one record for each of so many one-minute windows of so many series, the last of them just over. */
export async function fillTopic(
  kafka: KafkaBroker,
  topic: string,
  size: { readonly series: number; readonly windows: number; readonly partitions: number },
  endings: Endings,
): Promise<FilledTopic> {
  const lastWindowMs = lastFullWindow(Date.now());
  await kafka.createTopic(topic, { partitions: size.partitions });
  const preload = startGenerator('topic-preload', endings);
  const n = await preload.call<number>('fill', { bootstrap: kafka.bootstrap, topic, ...size, lastWindowMs });
  await preload.end();
  return { topic, series: size.series, windows: size.windows, n, lastWindowMs };
}
