import type { UndecodableReason } from './undecodable';

/** Why a record, or the rest of a batch, was skipped unread. */
export interface Refusal {
  readonly reason: UndecodableReason;
  readonly message: string;
  /** First offset covered; the last is that of its message. */
  readonly firstOffset: number;
  /** Size of the unread record or batch. */
  readonly bytes: number;
}
