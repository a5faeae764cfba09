import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { panelSelector } from './own-panels';

export interface ViewOptions {
  readonly width?: number;
  readonly height?: number;
  readonly theme?: 'dark' | 'light';
  /** The user's language in Grafana; default en-US. */
  readonly language?: string;
  /** What is done to the page before it is loaded. */
  readonly prepare?: (page: Page) => Promise<void>;
}

const RESULTS = join(__dirname, '../../../test-results');
/** Drawing a wall screen in software takes seconds: without this only what is wrong is drawn. */
const KEEP_ALL = process.env['PICTURES'] === 'all';

/** One window on the host page, and what went wrong in it. */
export interface View {
  readonly page: Page;
  /** Errors of scripts and of the console since the last look; what the test expects to fail is its own matter. */
  readonly faults: string[];
  /** A panel of the dashboard by its title. */
  panel(title: string): Locator;
  /** What a reader of the panel reads: its text, in one line. */
  textOf(title: string): Promise<string>;
  /** Keeps a picture in test-results/ of what is wrong, and with PICTURES=all of everything. */
  picture(name: string, options?: { readonly isWrong?: boolean; readonly fullPage?: boolean }): Promise<void>;
  close(): Promise<void>;
}

/** Words that belong to the browser's account of a failed request, which tests of failures cause on purpose. */
const ANSWERED_WITH_ERROR = /Failed to load resource/;

export async function openView(
  browser: Browser,
  address: string,
  path: string,
  options: ViewOptions = {},
): Promise<View> {
  const { width = 1400, height = 1000, theme = 'dark', language = 'en-US' } = options;
  const context: BrowserContext = await browser.newContext({
    viewport: { width, height },
    locale: language,
    timezoneId: 'UTC',
    reducedMotion: 'no-preference',
  });
  // Shorter than a test may take: what is missing is then named.
  context.setDefaultTimeout(60_000);
  context.setDefaultNavigationTimeout(60_000);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.stack ?? error.message));
  page.on('console', (message) => {
    if (message.type() !== 'error' || ANSWERED_WITH_ERROR.test(message.text())) return;
    faults.push(message.text());
  });
  const target = new URL(path, address);
  target.searchParams.set('theme', theme);
  target.searchParams.set('language', language);
  await options.prepare?.(page);
  await page.goto(target.toString());
  const panel = (title: string): Locator => page.locator(panelSelector(title));
  return {
    page,
    faults,
    panel,
    textOf: async (title) => (await panel(title).innerText()).replace(/\s+/g, ' ').trim(),
    picture: async (name, { isWrong = false, fullPage = false } = {}) => {
      if (!isWrong && !KEEP_ALL) return;
      const file = join(RESULTS, `${name}.png`);
      mkdirSync(dirname(file), { recursive: true });
      await page.screenshot({ path: file, fullPage, timeout: 120_000 });
    },
    close: () => context.close(),
  };
}
