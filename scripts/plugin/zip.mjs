/** The app as Grafana's catalogue and `grafana cli` take it: one folder named by the app's id. */
import { createWriteStream, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import yazl from 'yazl';

export const APP = 'streamkpi-realtime-app';

function* filesIn(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesIn(path);
    else yield path;
  }
}

/** Writes the app in `folder` to the file `target`. */
export async function writeZip(folder, target) {
  const zip = new yazl.ZipFile();
  for (const file of filesIn(folder)) {
    const isExecutable = /gpx_[^/]+$/.test(file);
    zip.addFile(file, `${APP}/${relative(folder, file).replaceAll('\\', '/')}`, {
      mtime: statSync(file).mtime,
      mode: isExecutable ? 0o100755 : 0o100644,
    });
  }
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(target));
}
