import type { Socket } from 'node:net';
import { addressGroup } from './holder';

/**
 * Connections that have not shown a valid token, HTTP and WebSocket alike. When there are too many, the oldest of the
 * address with the most is dropped for the new one: whoever sends a token at once is always served, however many
 * connections wait without.
 */
export class PendingConnections {
  private total = 0;
  /** By address, in order of arrival, each with the way to drop it. */
  private readonly byAddress = new Map<string, Map<Socket, () => void>>();

  constructor(private readonly limit: number) {}

  /** Adds a connection, or changes how it is dropped. */
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

  /** The connection has shown a valid token, or is closed. */
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
