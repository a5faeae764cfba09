/** npm run build: the app into dist/, with the backend for this platform. */
import { ensurePackages } from './ensure.mjs';

ensurePackages();
const { buildBackend, buildFrontend } = await import('./plugin/build.mjs');
try {
  await buildFrontend({ production: !process.argv.includes('--development') });
  if (!process.argv.includes('--frontend')) buildBackend();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
