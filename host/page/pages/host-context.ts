import { createContext } from 'react';

export type ThemeName = 'light' | 'dark';

/** The page's theme, and its switch. */
export interface Host {
  readonly isDark: boolean;
  readonly onThemeChange: (theme: ThemeName) => void;
}

export const HostContext = createContext<Host>({ isDark: true, onThemeChange: () => undefined });
