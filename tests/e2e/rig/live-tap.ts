/** Runs in the page, each function sent there as text: it uses nothing but its arguments and the window. */

interface Series {
  readonly labels: object;
}
interface Update {
  readonly v: number;
  readonly stream: string;
  readonly seq: number;
  readonly type: string;
  readonly store_epoch: string;
  readonly series?: readonly Series[];
}
interface Tapped {
  readonly socket: WebSocket;
  silenced: boolean;
  /** The newest update of each channel, which tells what its next ones look like. */
  readonly newest: Map<string, Update>;
}
interface TappedWindow {
  liveTap?: Tapped;
  WebSocket: typeof WebSocket;
}

/** Listens to the page's Live connection before the page does. */
export function tapInPage(): void {
  const here = window as unknown as TappedWindow;
  here.WebSocket = class extends WebSocket {
    constructor(url: string | URL) {
      super(url);
      const tapped: Tapped = { socket: this, silenced: false, newest: new Map() };
      here.liveTap = tapped;
      this.addEventListener('message', (event: MessageEvent<string>) => {
        if (!event.isTrusted) return;
        if (tapped.silenced) {
          event.stopImmediatePropagation();
          return;
        }
        const { type, channel, data } = JSON.parse(event.data) as {
          readonly type: string;
          readonly channel: string;
          readonly data: Update;
        };
        if (type !== 'publication') return;
        const known = tapped.newest.get(channel);
        if ((data.series?.length ?? 0) > 0) tapped.newest.set(channel, data);
        else if (known !== undefined) tapped.newest.set(channel, { ...known, seq: data.seq });
      });
    }
  };
}

/** From here on the server is not heard. Channels that updates came on. */
export function readInPage(): string[] {
  const { liveTap } = window as unknown as TappedWindow;
  if (liveTap === undefined) return [];
  liveTap.silenced = true;
  return [...liveTap.newest.keys()];
}

/** Updates of every channel, in equal parts of the seconds before now. Gives their number for one channel. */
export function replayInPage(asked: { readonly seconds: number; readonly perSecond: number }): number {
  const { liveTap } = window as unknown as TappedWindow;
  if (liveTap === undefined) throw new Error('nothing listens to Live');
  const now = Date.now();
  const count = asked.seconds * asked.perSecond;
  for (const [channel, before] of liveTap.newest) {
    let { seq } = before;
    for (let index = 1; index <= count; index += 1) {
      const at = now - ((count - index) * 1_000) / asked.perSecond;
      const start = Math.floor(at / 60_000) * 60_000;
      seq += 1;
      const data = {
        ...before,
        seq,
        watermark_ms: at,
        server_time_ms: at,
        series: (before.series ?? []).map(({ labels }) => ({
          labels,
          times: [start],
          values: [100 + (seq % 900)],
          revisions: [1_000_000_000 + seq],
          open_from_ms: start,
        })),
      };
      const text = JSON.stringify({ type: 'publication', channel, data });
      liveTap.socket.dispatchEvent(new MessageEvent('message', { data: text }));
    }
    liveTap.newest.set(channel, { ...before, seq });
  }
  return count;
}
