import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

/** The worker thread's file as build.mjs makes it, of the sources as they are now. */
export async function buildForecastWorker(): Promise<{ readonly file: string; remove(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'streamkpi-forecast-'));
  const file = join(folder, 'forecast-worker.js');
  await build({
    entryPoints: [join(__dirname, '../../backend-bridge/src/forecast-worker.ts')],
    outfile: file,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'warning',
  });
  return { file, remove: () => rmSync(folder, { recursive: true }) };
}
