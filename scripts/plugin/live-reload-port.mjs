/** The LiveReload protocol's own port. Apart, because it is asked for before there are packages. */
export const LIVE_RELOAD_PORT = 35729;
