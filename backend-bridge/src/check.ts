import { readFileSync } from 'node:fs';
import type { Settings } from './config/settings';
import { StartRefusedError } from './domain/errors';
import { fileText } from './domain/file-text';
import type { Log } from './domain/telemetry';
import { outcomeText } from './inspection/report-text';
import { createInspector } from './inspector';

/**
 * `--check metrics.yaml`: every fault of a metrics file and, with a broker, what the newest hundred records of each
 * topic would become. Rejects with StartRefusedError for faults, with UnavailableError where no broker answers.
 */
export async function checkMetricsFile(
  file: string,
  settings: Pick<Settings, 'kafka'>,
  log: Log,
): Promise<string> {
  let text: string;
  try {
    text = fileText(readFileSync(file));
  } catch (error) {
    throw new StartRefusedError(`--check: cannot read ${file} (${(error as Error).message})`, {
      cause: error,
    });
  }
  const inspector = createInspector(
    settings,
    { metricsFile: file, foreign: false },
    { log, clock: Date.now },
  );
  const { faults, outcomes } = await inspector.check(text);
  if (faults.length > 0) throw new StartRefusedError(`${file} cannot be used:\n  ${faults.join('\n  ')}`);
  const head = `${file} has no faults.`;
  if (settings.kafka.brokers.length === 0) {
    return `${head} Set KAFKA_BROKERS to see what the newest records of its topics would become.`;
  }
  return [head, ...outcomes.map(outcomeText)].join('\n');
}
