/**
 * jsdom with what browsers have and jsdom lacks of Node's globals. Not MessageChannel: an open port of Node's keeps the
 * run alive for ever, and React falls back to timers without it.
 */
const { TestEnvironment } = require('jest-environment-jsdom');

module.exports = class BrowserEnvironment extends TestEnvironment {
  async setup() {
    await super.setup();
    for (const name of [
      'TextEncoder',
      'TextDecoder',
      'structuredClone',
      'ReadableStream',
      'TransformStream',
      'WritableStream',
      'fetch',
      'Headers',
      'Request',
      'Response',
    ]) {
      this.global[name] ??= globalThis[name];
    }
    // Otherwise an array made by Node is no Uint8Array of this realm.
    this.global.Uint8Array = Uint8Array;
  }
};
