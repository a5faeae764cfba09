import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, normalize, sep } from 'node:path';
import { isServed } from './replies';

/** A file below a folder; undefined for what is not there, is outside, or is of a kind that is not given out. */
export function fileBelow(folder: string, path: string): Buffer | undefined {
  const found = normalize(join(folder, path));
  if (!found.startsWith(folder + sep) || !isServed(found)) return undefined;
  return existsSync(found) && statSync(found).isFile() ? readFileSync(found) : undefined;
}

/** All files of a folder by name, kept: the folder may go while they are served. */
export function filesKept(folder: string): ReadonlyMap<string, Buffer> {
  return new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
}
