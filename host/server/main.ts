import { startHost } from './host-server';

/** The host page as a program; scripts/start.mjs starts it. */
async function main(): Promise<void> {
  const host = await startHost({
    root: process.cwd(),
    port: Number(process.env['HOST_PORT'] ?? '3000'),
    bridgeUrl: process.env['STREAMKPI_BRIDGE_URL'] ?? 'http://127.0.0.1:8765',
    bridgeToken: process.env['STREAMKPI_BRIDGE_TOKEN'] ?? '',
    liveEnabled: process.env['HOST_LIVE'] !== 'off',
    ...(process.env['HOST_DIST'] === undefined ? {} : { dist: process.env['HOST_DIST'] }),
    log: (line) => process.stderr.write(`${line}\n`),
  });
  process.stdout.write(`host page ${host.address}\n`);
  const end = (): void => void host.close().then(() => process.exit(0));
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
}

main().catch((reason: unknown) => {
  process.stderr.write(`${reason instanceof Error ? reason.message : String(reason)}\n`);
  process.exit(1);
});
