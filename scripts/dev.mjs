/**
 * npm run dev: builds the app's bundles into dist/ for development, again after each change, and lets the pages that
 * show them reload. The page is that of `npm start` or `npm run server`, in another terminal.
 */
import { ensurePackages } from './ensure.mjs';

ensurePackages();
const { watchFrontend } = await import('./plugin/frontend.mjs');
const { startLiveReload } = await import('./plugin/live-reload.mjs');
const { watchTypes } = await import('./plugin/type-check.mjs');

let live;
try {
  live = await startLiveReload();
} catch (error) {
  console.error(`${error.message}: another npm run dev runs, or another program's live reload`);
  process.exit(1);
}
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit());
watchTypes();
await watchFrontend((ms, fault) => {
  if (fault !== null) return console.error(fault);
  console.log(
    `Built in ${(ms / 1_000).toFixed(1)} s; pages that show it reload (one that was open before this began: reload it once).`,
  );
  live.reload();
});
