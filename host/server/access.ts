import type { IncomingMessage } from 'node:http';

const LOCAL_NAMES = ['127.0.0.1', 'localhost', '[::1]'];

/** `http://name:port` without the scheme; the name in lower case. */
const hostOf = (address: string): string | undefined => {
  try {
    return new URL(address).host;
  } catch {
    return undefined;
  }
};

/**
 * Why a request is refused; undefined when it is not. The server answers this machine's own browser only: another
 * page's script must not reach it, neither by a name that resolves to this machine nor by a form or a WebSocket.
 * @param port the port that the server listens on
 */
export function refusal({ headers }: IncomingMessage, port: number): string | undefined {
  const own = LOCAL_NAMES.map((name) => `${name}:${port}`);
  if (headers.host === undefined || !own.includes(headers.host.toLowerCase())) {
    return `The Host header must be one of ${own.join(', ')}`;
  }
  if (headers.origin !== undefined && hostOf(headers.origin) !== headers.host.toLowerCase()) {
    return 'Pages of other origins are not answered';
  }
  return undefined;
}
