/** The port of the LiveReload protocol. Separate, because it is needed before packages are installed. */
export const LIVE_RELOAD_PORT = 35729;
