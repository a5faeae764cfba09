import { initPluginTranslations } from '@grafana/i18n';
import { forgetTexts } from './translate';

/** One for the app, the data source and the panel: they share their texts. */
const NAMESPACE = 'streamkpi-realtime-app';

type Texts = Record<string, unknown>;

/**
 * The texts of a language: a folder here for each, bundled. English ones are in the code, and stand for those of a
 * language that is not here.
 */
async function loadResources(language: string): Promise<Texts> {
  try {
    const file = (await import(
      /* webpackExclude: /en-US/ */ `./${language}/streamkpi-realtime-app.json`
    )) as { readonly default: Texts };
    return file.default;
  } catch {
    return {};
  }
}

/**
 * To be called where a plugin's module is loaded. What it waits for is at hand, so that it is done before Grafana
 * draws anything of the plugin.
 */
export async function loadTranslations(): Promise<void> {
  await initPluginTranslations(NAMESPACE, [loadResources]);
  forgetTexts();
}
