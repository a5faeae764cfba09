import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** The system's Chromium; throws where there is none. */
function chromiumOnPath(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const found = NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find((file) =>
    existsSync(file),
  );
  if (found === undefined) throw new Error('The browser tests need Chromium: apt-get install chromium');
  return found;
}

/** A browser that talks to nobody but the tests' own servers. */
export const startBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: chromiumOnPath(),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
