/** npm run package: streamkpi-realtime-app-<version>.zip for every platform, checked before and after. */
import { createHash } from 'node:crypto';
import { createWriteStream, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ensurePackages, root } from './ensure.mjs';

ensurePackages();
const { ZipFile } = (await import('yazl')).default;
const { PLATFORMS, buildBackend, buildFrontend, dist } = await import('./plugin/build.mjs');
const { problemsOf } = await import('./plugin/check.mjs');

const APP = 'streamkpi-realtime-app';
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

function* filesIn(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesIn(path);
    else yield path;
  }
}

try {
  // --zip-only: what is in dist/ already, e.g. with the manifest that signing has added.
  if (!process.argv.includes('--zip-only')) {
    rmSync(dist, { recursive: true, force: true });
    await buildFrontend();
    buildBackend(PLATFORMS);
  }
  const problems = problemsOf(
    dist,
    version,
    PLATFORMS.map((platform) => platform.join('_')),
  );
  if (problems.length > 0) throw new Error(problems.join('\n'));

  const zip = new ZipFile();
  for (const file of filesIn(dist)) {
    const executable = /gpx_[^/]+$/.test(file);
    zip.addFile(file, `${APP}/${relative(dist, file).replaceAll('\\', '/')}`, {
      mtime: statSync(file).mtime,
      mode: executable ? 0o100755 : 0o100644,
    });
  }
  zip.end();
  const target = join(root, `${APP}-${version}.zip`);
  await pipeline(zip.outputStream, createWriteStream(target));
  const bytes = readFileSync(target);
  writeFileSync(`${target}.sha1`, createHash('sha1').update(bytes).digest('hex'));
  console.log(
    `${target} (${(bytes.length / 1e6).toFixed(1)} MB). It is not signed; docs/release.md says how.`,
  );
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
