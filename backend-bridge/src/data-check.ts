/**
 * Reads every entry of the LMDB folder that is its argument, in a process of its own, which data-folder.ts starts: to
 * read a damaged file ends the process that does it. Exit code 3: LMDB itself calls the file damaged.
 */
import { open } from 'lmdb';

/** MDB_PAGE_NOTFOUND, MDB_CORRUPTED, MDB_INVALID */
const DAMAGED = [-30797, -30796, -30793];

function readAll(path: string): void {
  const root = open({ path, readOnly: true, maxDbs: 8, keyEncoding: 'ordered-binary' });
  for (const name of Array.from(root.getKeys())) {
    const database = root.openDB<Buffer, Buffer>({
      name: String(name),
      keyEncoding: 'binary',
      encoding: 'binary',
    });
    for (const { key } of database.getRange()) key.readUInt8(0);
  }
}

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error('data-check.js is started by the bridge');
try {
  readAll(path);
} catch (error) {
  if (DAMAGED.includes(Number((error as { code?: unknown }).code))) process.exitCode = 3;
  else throw error;
}
