import { BehaviorSubject } from 'rxjs';
import type { FromServer, ToServer } from './live-messages';

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 20_000;

/** Full jitter over an exponential ladder, as centrifuge waits. */
export const delayAfter = (failures: number): number =>
  FIRST_DELAY_MS + Math.random() * Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures);

/** A connection to the server that comes back by itself. */
export class LiveSocket {
  readonly connected = new BehaviorSubject(false);
  private socket: WebSocket | undefined;
  private failures = 0;

  constructor(private readonly receive: (message: FromServer) => void) {}

  connect(): void {
    const socket = new WebSocket(`${window.location.origin.replace(/^http/, 'ws')}/api/live/ws`);
    this.socket = socket;
    socket.onopen = () => {
      this.failures = 0;
      this.connected.next(true);
    };
    socket.onmessage = ({ data }: MessageEvent<string>) => this.receive(JSON.parse(data) as FromServer);
    socket.onclose = () => {
      if (this.connected.value) this.connected.next(false);
      setTimeout(() => this.connect(), delayAfter(this.failures));
      this.failures += 1;
    };
  }

  /** False when there is no connection; the message is then lost. */
  send(message: ToServer): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }
}
