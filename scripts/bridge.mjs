/** npm run bridge: the bridge alone, settings from the environment. */
import { ensureBridge, ensurePackages, runForeground } from './ensure.mjs';

ensurePackages();
ensureBridge();
runForeground('backend-bridge/dist/main.js', process.argv.slice(2));
