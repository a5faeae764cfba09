import { createHash } from 'node:crypto';
import functions from './functions.lua';
import history from './history.lua';
import write from './write.lua';

const source = `${functions}\n${history}\n${write}`;

/**
 * Named by its content hash, so that bridges of two versions can share one Redis during a rolling update, and a library
 * is never replaced by another one of the same name.
 */
const name = `streamkpi_${createHash('sha256').update(source).digest('hex').slice(0, 12)}`;

export type FunctionName =
  | 'open'
  | 'adopt'
  | 'align_expiry'
  | 'rotate_epoch'
  | 'set_topic'
  | 'skip'
  | 'report'
  | 'seal_turn'
  | 'seal'
  | 'write'
  | 'ready'
  | 'clock';

export const libraryCode = `#!lua name=${name}\n${source.replaceAll('__PREFIX__', name)}`;

export function functionName(short: FunctionName): string {
  return `${name}_${short}`;
}
