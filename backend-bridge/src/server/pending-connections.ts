import type { Socket } from 'node:net';
import { addressGroup } from './holder';

/**
 * Unauthenticated HTTP and WebSocket connections. When there are too many, the oldest connection of the address with
 * the most is dropped, so that clients that authenticate at once are always served.
 */
export class PendingConnections {
  private total = 0;
  /** Drop functions by address and remote end, in order of arrival: a TLS socket has the end of the one below it. */
  private readonly byAddress = new Map<string, Map<string, () => void>>();

  constructor(private readonly limit: number) {}

  /** Adds a connection, or replaces its drop function. */
  add(socket: Socket, drop: () => void = () => socket.destroy()): void {
    const [address, end] = endOf(socket);
    let connections = this.byAddress.get(address);
    if (connections === undefined) {
      connections = new Map();
      this.byAddress.set(address, connections);
    }
    if (!connections.has(end)) {
      this.total += 1;
      socket.once('close', () => this.delete(address, end));
    }
    connections.set(end, drop);
    if (this.total > this.limit) this.dropOldest();
  }

  /** Removes a connection that authenticated or closed. */
  remove(socket: Socket): void {
    this.delete(...endOf(socket));
  }

  private delete(address: string, end: string): void {
    const connections = this.byAddress.get(address);
    if (connections?.delete(end) !== true) return;
    this.total -= 1;
    if (connections.size === 0) this.byAddress.delete(address);
  }

  private dropOldest(): void {
    let most: [string, Map<string, () => void>] | null = null;
    for (const entry of this.byAddress) if (most === null || entry[1].size > most[1].size) most = entry;
    if (most === null) return;
    const [address, connections] = most;
    const [end, drop] = connections.entries().next().value!;
    this.delete(address, end);
    drop();
  }
}

function endOf({ remoteAddress = '', remotePort = 0 }: Socket): [address: string, end: string] {
  return [addressGroup(remoteAddress), `${remoteAddress} ${remotePort}`];
}
