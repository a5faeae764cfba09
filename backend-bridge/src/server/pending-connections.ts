import type { Socket } from 'node:net';
import { addressGroup } from './holder';

/**
 * Unauthenticated HTTP and WebSocket connections. When there are too many, the oldest connection of the address with
 * the most is dropped, so that clients that authenticate at once are always served.
 */
export class PendingConnections {
  private total = 0;
  /** Drop functions by address and socket, in order of arrival. */
  private readonly byAddress = new Map<string, Map<Socket, () => void>>();

  constructor(private readonly limit: number) {}

  /** Adds a connection, or replaces its drop function. */
  add(socket: Socket, drop: () => void = () => socket.destroy()): void {
    const address = addressGroup(socket.remoteAddress ?? '');
    let connections = this.byAddress.get(address);
    if (connections === undefined) {
      connections = new Map();
      this.byAddress.set(address, connections);
    }
    if (!connections.has(socket)) {
      this.total += 1;
      socket.once('close', () => this.delete(address, socket));
    }
    connections.set(socket, drop);
    if (this.total > this.limit) this.dropOldest();
  }

  /** Removes a connection that authenticated or closed. */
  remove(socket: Socket): void {
    this.delete(addressGroup(socket.remoteAddress ?? ''), socket);
  }

  private delete(address: string, socket: Socket): void {
    const connections = this.byAddress.get(address);
    if (connections?.delete(socket) !== true) return;
    this.total -= 1;
    if (connections.size === 0) this.byAddress.delete(address);
  }

  private dropOldest(): void {
    let most: [string, Map<Socket, () => void>] | null = null;
    for (const entry of this.byAddress) if (most === null || entry[1].size > most[1].size) most = entry;
    if (most === null) return;
    const [address, connections] = most;
    const [socket, drop] = connections.entries().next().value!;
    this.delete(address, socket);
    drop();
  }
}
