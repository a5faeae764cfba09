import { HOST_GRAFANAS, type HostGrafana } from './page-bundle';
import { startHost } from './host-server';

/** The host page as a program; scripts/start.mjs starts it. */
async function main(): Promise<void> {
  const grafana = process.env['HOST_GRAFANA'] ?? '13';
  if (!HOST_GRAFANAS.some((known) => known === grafana)) {
    throw new Error(`HOST_GRAFANA is ${grafana}; it must be one of ${HOST_GRAFANAS.join(', ')}`);
  }
  const host = await startHost({
    root: process.cwd(),
    grafana: grafana as HostGrafana,
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
