/** npm run inspect -- --topic orders: a metrics file for a topic, settings from the environment. */
import { ensureBridge, ensurePackages, runForeground } from './ensure.mjs';

ensurePackages();
ensureBridge();
runForeground('backend-bridge/dist/inspect.js', process.argv.slice(2));
