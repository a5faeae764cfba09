import { createInterface } from 'node:readline';
import { metricsOfTheFile } from './golden-conformance';
import { startRig, storedPoints } from './pipeline-rig';

/**
 * A process to be killed: reads one JSON command a line, answers one JSON line each. `tag` comes back.
 * {tag, profiles: [[user, segment]]} | {tag, events: [...]} | {tag, dump: true}
 */
interface Command {
  readonly tag: number;
  readonly profiles?: readonly (readonly [string, string])[];
  readonly events?: readonly unknown[];
  readonly dump?: true;
}

async function main(): Promise<void> {
  const [folder, root] = process.argv.slice(2);
  const metrics = metricsOfTheFile(root);
  const nowMs = 1_736_942_410_000;
  const rig = await startRig(folder!, metrics, () => nowMs, { maxBatchEvents: 1_000 });
  const answer = (body: object): void => void process.stdout.write(`${JSON.stringify(body)}\n`);
  const obey = async ({ tag, profiles, events, dump }: Command): Promise<void> => {
    if (profiles !== undefined) {
      await Promise.all(profiles.map(([user, segment]) => rig.pipeline.profile(user, { segment })));
      answer({ tag });
    } else if (events !== undefined) {
      answer({ tag, ...(await rig.pipeline.events(events)) });
    } else if (dump === true) {
      const points = await Promise.all(
        metrics.map(async (metric) => [metric.name, await storedPoints(rig.store, metric, nowMs)] as const),
      );
      answer({ tag, points: Object.fromEntries(points) });
    }
  };
  createInterface({ input: process.stdin })
    .on('line', (line) => void obey(JSON.parse(line) as Command))
    .on('close', () => void rig.stop());
  answer({ tag: 0 });
}

void main();
