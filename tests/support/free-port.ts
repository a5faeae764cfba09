import { once } from 'node:events';
import { createServer } from 'node:net';

// Below what the system gives to outgoing connections (32768 and up on Linux, 49152 elsewhere): a server that is
// started on its port a moment later, or again on the same one, must not find it taken by somebody's client.
const FIRST = 20_000;
const COUNT = 12_000;
const given = new Set<number>();

/** A port of loopback that nothing listens on, and that this process was not given before. */
export async function freePort(): Promise<number> {
  for (;;) {
    // At random, so that test runs beside this one look elsewhere.
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
  server.close();
  await once(server, 'close');
  return true;
}
