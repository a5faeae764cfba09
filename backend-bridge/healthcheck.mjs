/** Asks the bridge in this container for a path, e.g. /readyz; ends with 0 when it answers 200. */
import process from 'node:process';

const path = process.argv[2] ?? '/healthz';
const port = process.env.BRIDGE_PORT || '8765';
const scheme = process.env.BRIDGE_TLS_CERT_FILE ? 'https' : 'http';
if (scheme === 'https') process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
try {
  const answer = await fetch(`${scheme}://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(4_000) });
  if (answer.status !== 200) console.error(`${path}: ${answer.status} ${await answer.text()}`);
  process.exitCode = answer.status === 200 ? 0 : 1;
} catch (error) {
  console.error(`${path}: ${error.cause?.message ?? error.message}`);
  process.exitCode = 1;
}
