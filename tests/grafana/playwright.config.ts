import { dirname, join } from 'node:path';
import type { PluginOptions } from '@grafana/plugin-e2e';
import { defineConfig, devices } from '@playwright/test';

/**
 * Where the Grafana is, and who may administer it; what stands here is what docker-compose.yml starts.
 *
 * GRAFANA_URL             its address
 * GRAFANA_ADMIN_PASSWORD  of the user admin
 * BRIDGE_TOKEN            what the bridge wants to hear; a bridge without tokens ignores it
 * CHROMIUM_PATH           a Chromium to use in place of the one that `npx playwright install` brings
 */
const { GRAFANA_URL, GRAFANA_ADMIN_PASSWORD, CHROMIUM_PATH } = process.env;
const admin = { user: 'admin', password: GRAFANA_ADMIN_PASSWORD ?? 'streamkpi-development' };
const signedIn = join(__dirname, 'playwright/.auth/admin.json');

export default defineConfig<PluginOptions>({
  testDir: './journeys',
  outputDir: './test-results',
  // One Grafana for all: journeys change its data sources.
  workers: 1,
  forbidOnly: true,
  retries: 0,
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: [['list']],
  use: {
    ...devices['Desktop Chrome'],
    baseURL: GRAFANA_URL ?? 'http://localhost:3000',
    viewport: { width: 1600, height: 1300 },
    locale: 'en-US',
    timezoneId: 'UTC',
    user: admin,
    grafanaAPICredentials: admin,
    provisioningRootDir: join(__dirname, '../../provisioning'),
    screenshot: 'only-on-failure',
    trace: 'retain-on-failure',
    launchOptions: CHROMIUM_PATH === undefined ? {} : { executablePath: CHROMIUM_PATH },
  },
  projects: [
    {
      name: 'sign in',
      testDir: join(dirname(require.resolve('@grafana/plugin-e2e')), 'auth'),
      testMatch: [/.*\.js/],
    },
    { name: 'journeys', dependencies: ['sign in'], use: { storageState: signedIn } },
  ],
});
