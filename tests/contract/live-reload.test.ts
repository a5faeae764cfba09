import { once } from 'node:events';
import { WebSocket } from 'ws';

/** `npm run dev`: pages that show the development build reload when it has changed. */

interface LiveReload {
  readonly port: number;
  reload(): void;
  close(): void;
}
interface Script {
  startLiveReload(port: number): Promise<LiveReload>;
}

let live: LiveReload;
const sockets: WebSocket[] = [];
beforeEach(async () => {
  // By a variable: the module has no declarations.
  const path: string = '../../scripts/plugin/live-reload.mjs';
  live = await ((await import(path)) as Script).startLiveReload(0);
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.terminate();
  live.close();
});

/** A page that began to load at that time: fetches the script, which then connects. */
async function pageFrom(
  began: number,
): Promise<{ readonly reloads: () => number; until(count: number): Promise<void> }> {
  const script = await fetch(`http://127.0.0.1:${live.port}/livereload.js?began=${began}`, {
    headers: { connection: 'close' },
  });
  await script.text();
  expect(script.status).toBe(200);
  const socket = new WebSocket(`ws://127.0.0.1:${live.port}/livereload`);
  sockets.push(socket);
  let count = 0;
  const greeted = new Promise<void>((resolve) =>
    socket.on('message', (data: Buffer) => {
      const { command } = JSON.parse(data.toString()) as { readonly command: string };
      if (command === 'hello') resolve();
      if (command === 'reload') count += 1;
    }),
  );
  await once(socket, 'open');
  socket.send(JSON.stringify({ command: 'hello' }));
  await greeted;
  socket.send(JSON.stringify({ command: 'info', url: 'http://127.0.0.1:3000/' }));
  return {
    reloads: () => count,
    until: async (wanted) => {
      while (count < wanted) await once(socket, 'message');
    },
  };
}

test('each build reloads the pages that are connected once, and none that began to load after it', async () => {
  live.reload();
  const page = await pageFrom(Date.now() + 60_000);
  live.reload();
  await page.until(1);
  live.reload();
  await page.until(2);
  expect(page.reloads()).toBe(2);
});

test('a page that was loading while a build ended reloads as soon as it is connected', async () => {
  const began = Date.now() - 1_000;
  live.reload();
  const page = await pageFrom(began);
  await page.until(1);
});
