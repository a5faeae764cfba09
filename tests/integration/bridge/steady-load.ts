import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaBroker } from '../../support/kafka';
import { createRecordGenerator, type RecordGenerator } from '../../support/record-generator';
import { OrderedSender } from './ordered-sender';

export interface LoadOptions {
  readonly kafka: KafkaBroker;
  readonly topic: string;
  readonly partitions: number;
  readonly seed: number;
  readonly recordsPerSecond: number;
  /** The newest window comes up within so many seconds of load. */
  readonly seconds: number;
  readonly series?: number;
}

const TICK_MS = 50;

/** Generated records at a steady pace until it is stopped; the generator knows what the last one of each key is. */
export class SteadyLoad {
  readonly generator: RecordGenerator;
  sent = 0;
  private readonly sender: OrderedSender;
  private stopped = false;
  private held = false;
  private idle = true;
  private work: Promise<void> = Promise.resolve();

  constructor(private readonly options: LoadOptions) {
    const { kafka, topic, partitions, seed, series = 40, recordsPerSecond, seconds } = options;
    this.sender = new OrderedSender(kafka, topic);
    this.generator = createRecordGenerator(
      { seed, series, windows: 60, partitions, nowMs: Date.now() },
      recordsPerSecond * seconds,
    );
  }

  start(): void {
    this.work = this.run();
  }

  /** Nothing is sent until release(). Resolves when the last records are acknowledged. */
  async hold(): Promise<void> {
    this.held = true;
    while (!this.idle) await sleep(5);
    await this.sender.renew();
  }

  release(): void {
    this.held = false;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.work;
    await this.sender.renew();
  }

  private async run(): Promise<void> {
    let due = 0;
    let last = Date.now();
    while (!this.stopped) {
      const now = Date.now();
      if (!this.held) due += ((now - last) / 1_000) * this.options.recordsPerSecond;
      last = now;
      const count = Math.min(Math.floor(due), 2_000);
      if (count > 0 && !this.held) {
        this.idle = false;
        await this.sender.send(this.generator.next(count));
        this.idle = true;
        due -= count;
        this.sent += count;
      }
      await sleep(TICK_MS);
    }
  }
}
