/** Message rate limit of one client, as a token bucket. */
export interface MessageRateLimits {
  readonly perSecond: number;
  readonly burst: number;
  /** Refused messages per minute that close the connection. */
  readonly refusedAMinute: number;
}

export type RateVerdict = 'ok' | 'refused' | 'too_many';

export class MessageRate {
  private left: number;
  private at: number;
  private refused = 0;
  private minute = 0;

  /** `nowMs` here and in take() is monotonic. */
  constructor(
    private readonly limits: MessageRateLimits,
    nowMs: number,
  ) {
    this.left = limits.burst;
    this.at = nowMs;
  }

  take(nowMs: number): RateVerdict {
    const { perSecond, burst } = this.limits;
    this.left = Math.min(burst, this.left + ((nowMs - this.at) / 1_000) * perSecond);
    this.at = nowMs;
    if (this.left >= 1) {
      this.left -= 1;
      return 'ok';
    }
    const minute = Math.floor(nowMs / 60_000);
    if (minute !== this.minute) {
      this.minute = minute;
      this.refused = 0;
    }
    this.refused += 1;
    return this.refused > this.limits.refusedAMinute ? 'too_many' : 'refused';
  }
}
