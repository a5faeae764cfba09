import type { Page } from 'playwright-core';

const edited =
  (from: string, to: string) =>
  async (page: Page): Promise<void> => {
    await page.route('**/api/dashboards/uid/*', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: (await response.text()).replaceAll(from, to) });
    });
  };

/** Queries of the page's dashboards that leave open windows out show them, as a user may choose. */
export const includeOpenWindows = edited('"openWindows":"exclude"', '"openWindows":"include"');

/** Summaries of the page's dashboards ask for the thresholds of the metrics file, as a user may choose. */
export const askForThresholds = edited('"kind":"summary"', '"kind":"summary","metricThresholds":true');
