import type { GrafanaTheme2 } from '@grafana/data';

interface Palette {
  readonly text: Readonly<Record<'primary' | 'secondary' | 'disabled' | 'link' | 'maxContrast', string>>;
  readonly background: Readonly<Record<'canvas' | 'primary' | 'secondary', string>>;
  readonly border: Readonly<Record<'weak' | 'medium' | 'strong', string>>;
}

/**
 * The theme's colours for text, surfaces and lines. Every theme has them; the types of newer @grafana/data call each
 * one possibly undefined under exactOptionalPropertyTypes.
 */
export const palette = (theme: GrafanaTheme2): Palette => theme.colors as Palette;
