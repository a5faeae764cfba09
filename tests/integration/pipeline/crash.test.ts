import { setTimeout as sleep } from 'node:timers/promises';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { RandomNumbers } from '../../../backend-bridge/src/pipeline/random-numbers';
import type { StoredPoint } from './pipeline-rig';

/**
 * kill -9 while events come in, many times over. Each call has a segment of its own, so that the final numbers
 * say of every single call whether it was counted, and how often: an acknowledged one exactly once, one that was
 * cut off once or not at all, and never in part.
 */
const ROOT = resolve(__dirname, '../../..');
const T0 = 1_736_935_200_000;
const MINUTE = 60_000;
const CALL_EVENTS = 40;

interface Answer {
  readonly tag: number;
  readonly accepted?: number;
  readonly points?: Readonly<Record<string, readonly StoredPoint[]>>;
}

const victims = new Set<Victim>();

class Victim {
  private readonly waiting = new Map<number, (answer: Answer) => void>();
  private readonly child: ChildProcess;
  errors = '';

  constructor(script: string, folder: string) {
    this.child = spawn(process.execPath, ['--enable-source-maps', script, folder, ROOT], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.child.stderr!.on('data', (chunk: Buffer) => (this.errors += chunk.toString()));
    createInterface({ input: this.child.stdout! }).on('line', (line) => {
      const answer = JSON.parse(line) as Answer;
      this.waiting.get(answer.tag)?.(answer);
      this.waiting.delete(answer.tag);
    });
    victims.add(this);
    this.child.once('exit', () => victims.delete(this));
    // A killed process leaves a broken pipe behind.
    this.child.stdin!.on('error', () => undefined);
  }

  started(): Promise<Answer> {
    return this.answer(0);
  }

  /** Resolves with the answer; never, when the process is killed before. */
  send(command: { tag: number }): Promise<Answer> {
    const answer = this.answer(command.tag);
    this.child.stdin!.write(`${JSON.stringify(command)}\n`);
    return answer;
  }

  private answer(tag: number): Promise<Answer> {
    return new Promise((done) => this.waiting.set(tag, done));
  }

  private exited(): Promise<void> {
    return new Promise((done) => this.child.once('exit', () => done()));
  }

  async kill9(): Promise<void> {
    const gone = this.exited();
    this.child.kill('SIGKILL');
    await gone;
  }

  async end(): Promise<void> {
    const gone = this.exited();
    this.child.stdin!.end();
    await gone;
  }
}

describe('kill -9 while events come in', () => {
  let script: string;
  let folder: string;
  beforeAll(async () => {
    const cache = join(ROOT, 'node_modules/.cache/streamkpi');
    mkdirSync(cache, { recursive: true });
    script = join(cache, `ingest-child-${process.pid}.cjs`);
    await build({
      entryPoints: [join(__dirname, 'ingest-child.ts')],
      outfile: script,
      bundle: true,
      platform: 'node',
      packages: 'external',
      sourcemap: 'inline',
    });
    folder = mkdtempSync(join(tmpdir(), 'streamkpi-crash-'));
  });
  afterAll(async () => {
    await Promise.all([...victims].map((victim) => victim.kill9()));
    rmSync(script, { force: true });
    rmSync(folder, { recursive: true, force: true });
  });

  it('counts every acknowledged call exactly once, and no call in part', async () => {
    const random = new RandomNumbers(Date.now());
    const sent = new Map<number, number>();
    const acknowledged = new Set<number>();
    let next = 1;
    const kills = 12;
    for (let round = 0; round <= kills; round += 1) {
      const victim = new Victim(script, folder);
      await victim.started();
      let alive = true;
      const killed =
        round === kills
          ? sleep(300)
          : sleep(random.integer(5, 250)).then(async () => {
              alive = false;
              await victim.kill9();
            });
      // A few callers at a time, so that calls are merged into batches and wait in the queue.
      const caller = async (): Promise<void> => {
        while (alive && next < 700) {
          const tag = next;
          next += 1;
          // Windows close while the test runs; every user is new.
          const startMs = T0 + Math.floor(tag / 40) * MINUTE;
          sent.set(tag, startMs);
          await victim.send({ tag: -tag, profiles: [[`u${tag}`, `s${tag}`]] } as never);
          const events = Array.from({ length: CALL_EVENTS }, (_, i) => ({
            user_id: `u${tag}`,
            event_type: 'purchase',
            timestamp: startMs + i,
            properties: { amount: '1.25' },
          }));
          const { accepted } = await victim.send({ tag, events } as never);
          expect(accepted).toBe(CALL_EVENTS);
          acknowledged.add(tag);
          if (round === kills && acknowledged.size > 20) return;
        }
      };
      const callers = [caller(), caller(), caller(), caller()];
      await killed;
      if (round < kills) continue;
      await Promise.all(callers);

      const { points } = await victim.send({ tag: 1_000_000, dump: true } as never);
      const bySegment = (metric: string): Map<string, StoredPoint> =>
        new Map(points![metric]!.map((point) => [point.values[0]!, point]));
      const events = bySegment('events_per_minute');
      const revenue = bySegment('revenue_per_minute');
      const users = new Map<number, number>();
      const wrong: string[] = [];
      for (const [tag, startMs] of sent) {
        const point = events.get(`s${tag}`);
        if (point === undefined) {
          if (acknowledged.has(tag)) wrong.push(`call ${tag} was acknowledged and is lost`);
          continue;
        }
        users.set(startMs, (users.get(startMs) ?? 0) + 1);
        if (point.measures[0] !== CALL_EVENTS) wrong.push(`call ${tag} counted as ${point.measures[0]}`);
        const amounts = revenue.get(`s${tag}`)?.measures;
        if (JSON.stringify(amounts) !== JSON.stringify([50, CALL_EVENTS, 1.25, CALL_EVENTS])) {
          wrong.push(`call ${tag} has revenue ${JSON.stringify(amounts)}`);
        }
      }
      expect(wrong).toEqual([]);
      const active = points!['active_users_per_minute']!.map(({ startMs, measures }) => [
        startMs,
        measures[0],
      ]);
      expect(active).toEqual([...users].sort(([a], [b]) => a - b));
      expect(acknowledged.size).toBeGreaterThan(20);
      expect(victim.errors).toBe('');
      await victim.end();
    }
  });
});
