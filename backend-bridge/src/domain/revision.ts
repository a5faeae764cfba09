import type { Position } from './point';

/** Result of comparing a new record with the stored one of its point. */
export type Verdict = 'newer' | 'older' | 'conflict';

/** Provenance of a stored point, for the comparison. */
export interface Provenance extends Position {
  readonly keyHash: number;
}

/**
 * The partition that a Java producer chooses for a key. Decides to which partition a key belongs after partitions were
 * added.
 */
export function homePartition(keyHash: number, partitions: number): number {
  return (keyHash & 0x7fffffff) % partitions;
}

/**
 * The fence of the store: whether a record may replace the stored point.
 *
 * - A higher incarnation always wins, whatever the offset: the topic was recreated or expanded.
 * - Within one incarnation another key is a mapping error.
 * - Within one partition the higher offset wins; equal or lower is a replay.
 * - Between two partitions of one incarnation (records written around the moment when partitions were
 *   added) the partition that the key hashes to now wins; without a key there is no order: a mapping error.
 */
export function compareProvenance(stored: Provenance, arriving: Provenance, partitions: number): Verdict {
  if (arriving.incarnation !== stored.incarnation) {
    return arriving.incarnation > stored.incarnation ? 'newer' : 'older';
  }
  if (arriving.keyHash !== stored.keyHash) return 'conflict';
  if (arriving.partition === stored.partition) return arriving.offset > stored.offset ? 'newer' : 'older';
  if (arriving.keyHash === 0) return 'conflict';
  const home = homePartition(arriving.keyHash, partitions);
  if (arriving.partition === home) return 'newer';
  if (stored.partition === home) return 'older';
  return arriving.partition > stored.partition ? 'newer' : 'older';
}

/** What is wrong with a record whose verdict is `conflict`, and what to do. */
export const conflictMessage = (hasKey: boolean): string =>
  hasKey
    ? 'another key already wrote this point, which keeps its value: labels and window are equal, and the keys differ in a part that is not mapped; map that part to a dimension'
    : 'another partition already wrote this point, which keeps its value: records without a key have no order across partitions; produce them with a key';
