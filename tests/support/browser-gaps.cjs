/** What @grafana/ui asks a browser for and jsdom does not have: sizes, pictures, media. */
class Observer {
  observe() {}
  unobserve() {}
  disconnect() {}
  takeRecords() {
    return [];
  }
}
globalThis.ResizeObserver ??= Observer;
globalThis.IntersectionObserver ??= Observer;
globalThis.Path2D ??= class Path2D {};
if (globalThis.window !== undefined) {
  globalThis.window.matchMedia ??= (query) => ({
    matches: false,
    media: query,
    onchange: null,
    addListener() {},
    removeListener() {},
    addEventListener() {},
    removeEventListener() {},
    dispatchEvent: () => false,
  });
  globalThis.window.HTMLElement.prototype.scrollIntoView ??= () => {};
  globalThis.window.HTMLCanvasElement.prototype.getContext = () =>
    new Proxy(
      { measureText: (text) => ({ width: 8 * String(text).length }), canvas: null },
      { get: (known, name) => (name in known ? known[name] : () => undefined), set: () => true },
    );
}
