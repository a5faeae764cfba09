import type { UndecodableReason } from './undecodable';

/** Why a record, or the rest of a batch, is passed over unread. */
export interface Refusal {
  readonly reason: UndecodableReason;
  readonly message: string;
  /** It stands for the offsets from here to that of its message. */
  readonly firstOffset: number;
  /** The size of the record or the batch that was not read. */
  readonly bytes: number;
}
