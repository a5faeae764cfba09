/** npm run forecast -- evaluate <folder>: how good the bridge's forecasts are on sets of series. */
import { ensureBridge, ensurePackages, runForeground } from './ensure.mjs';

ensurePackages();
ensureBridge();
runForeground('backend-bridge/dist/forecast-evaluate.js', process.argv.slice(2));
