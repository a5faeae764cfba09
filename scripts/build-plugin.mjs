/**
 * npm run build: the app into dist/, with the backend for this platform. `--frontend` and `--backend`: the one part
 * alone; the backend needs no packages.
 */
import { ensurePackages } from './ensure.mjs';
import { buildBackend } from './plugin/backend.mjs';

const asked = new Set(process.argv.slice(2));
try {
  if (!asked.has('--backend')) {
    ensurePackages();
    const { buildFrontend } = await import('./plugin/frontend.mjs');
    await buildFrontend();
  }
  if (!asked.has('--frontend')) buildBackend();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
