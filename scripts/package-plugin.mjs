/** npm run package: streamkpi-realtime-app-<version>.zip for every platform, checked before it is written. */
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ensurePackages, root } from './ensure.mjs';

ensurePackages();
const { PLATFORMS, buildBackend, dist } = await import('./plugin/backend.mjs');
const { buildFrontend } = await import('./plugin/frontend.mjs');
const { problemsOf } = await import('./plugin/check.mjs');
const { APP, writeZip } = await import('./plugin/zip.mjs');

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

try {
  // --zip-only: what is in dist/ already, e.g. with the manifest that signing has added.
  if (!process.argv.includes('--zip-only')) {
    rmSync(dist, { recursive: true, force: true });
    await buildFrontend();
    buildBackend({ all: true });
  }
  const problems = problemsOf(dist, version, PLATFORMS);
  if (problems.length > 0) throw new Error(problems.join('\n'));

  const target = join(root, `${APP}-${version}.zip`);
  await writeZip(dist, target);
  const bytes = readFileSync(target);
  // As `sha256sum --check` reads it.
  const sum = createHash('sha256').update(bytes).digest('hex');
  writeFileSync(`${target}.sha256`, `${sum}  ${basename(target)}\n`);
  console.log(
    `${target} (${(bytes.length / 1e6).toFixed(1)} MB). It is not signed; docs/release.md says how.`,
  );
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
