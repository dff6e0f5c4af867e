// jsdom lays nothing out, so it has no observer of sizes; the views only need one to exist.
globalThis.ResizeObserver ??= class {
  observe() {}
  unobserve() {}
  disconnect() {}
};
