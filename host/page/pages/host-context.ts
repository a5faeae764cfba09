import { createContext } from 'react';

export type ThemeName = 'light' | 'dark';

/** What every page knows of the host. */
export interface Host {
  /** The Grafana whose packages are used. */
  readonly grafana: string;
  readonly isDark: boolean;
  readonly onThemeChange: (theme: ThemeName) => void;
}

export const HostContext = createContext<Host>({ grafana: '', isDark: true, onThemeChange: () => undefined });
