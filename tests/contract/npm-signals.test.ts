import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** `npm run bridge` is what people and service managers stop; npm itself leaves its children behind. */
test('SIGTERM to npm drains the bridge', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'streamkpi-npm-'));
  const npm = spawn('npm', ['run', '--silent', 'bridge'], {
    cwd: join(__dirname, '../..'),
    env: { ...process.env, BRIDGE_PORT: '0', STORE_PATH: folder, DEMO: 'off', NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let said = '';
  const hears = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no "${text}" in:\n${said}`)), 60_000);
      const look = (): void => {
        if (!said.includes(text)) return;
        clearTimeout(late);
        npm.stdout.off('data', look);
        resolve();
      };
      npm.stdout.on('data', look);
      look();
    });
  npm.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await hears('"msg":"serving"');
  npm.kill('SIGTERM');
  await hears('"msg":"stopped"');
  rmSync(folder, { recursive: true, force: true });
}, 130_000);
