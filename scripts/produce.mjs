/** npm run produce: demo traffic to a real Kafka. */
import { ensureBridge, ensurePackages, runForeground } from './ensure.mjs';

ensurePackages();
ensureBridge();
runForeground('backend-bridge/dist/produce.js', process.argv.slice(2));
