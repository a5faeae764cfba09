import * as emotionCss from '@emotion/css';
import * as emotionReact from '@emotion/react';
import * as grafanaData from '@grafana/data';
import * as grafanaDataUnstable from '@grafana/data/unstable';
import * as grafanaRuntime from '@grafana/runtime';
import * as grafanaRuntimeUnstable from '@grafana/runtime/unstable';
import * as grafanaUi from '@grafana/ui';
import * as grafanaUiUnstable from '@grafana/ui/unstable';
import { initPluginTranslations } from '@grafana/i18n';
import i18next from 'i18next';
import * as lodash from 'lodash';
import * as moment from 'moment';
import * as react from 'react';
import * as reactDom from 'react-dom';
import { createRoot } from 'react-dom/client';
import * as reactInlineSvg from 'react-inlinesvg';
import * as jsxDevRuntime from 'react/jsx-dev-runtime';
import * as jsxRuntime from 'react/jsx-runtime';
import * as reactRedux from 'react-redux';
import * as reactRouter from 'react-router-dom';
import * as redux from 'redux';
import * as rxjs from 'rxjs';
import * as rxjsOperators from 'rxjs/operators';
import { syncDataSourceInstanceSettings } from 'grafana-runtime-inner/services/dataSource/settings';
import { startPage } from './start-page';

/**
 * Grafana 13 with React 19. Shared as this Grafana shares it, without what belongs to Grafana's own old plugins
 * (app/*, flot, slate, d3).
 */
async function start(): Promise<void> {
  grafanaRuntimeUnstable.initializeLoggersRegistry();
  // Grafana's own texts are in no npm package; that there are some makes the language the one that plugins find.
  const language = new URLSearchParams(window.location.search).get('language') ?? 'en-US';
  await i18next.init({
    lng: language,
    fallbackLng: 'en-US',
    returnEmptyString: false,
    resources: { [language]: { grafana: { language } } },
  });
  // Without it every text of Grafana's packages warns that there are no translations yet.
  await initPluginTranslations('grafana');
  await startPage({
    createRoot,
    onSources: syncDataSourceInstanceSettings,
    grafana: '13',
    shared: {
      '@emotion/css': emotionCss,
      '@emotion/react': emotionReact,
      '@grafana/data': grafanaData,
      '@grafana/data/unstable': grafanaDataUnstable,
      '@grafana/runtime': grafanaRuntime,
      '@grafana/runtime/unstable': grafanaRuntimeUnstable,
      '@grafana/ui': grafanaUi,
      '@grafana/ui/unstable': grafanaUiUnstable,
      i18next,
      lodash: { ...lodash, __useDefault: true },
      moment: { ...moment, __useDefault: true },
      react,
      'react/jsx-runtime': jsxRuntime,
      'react/jsx-dev-runtime': jsxDevRuntime,
      'react-dom': reactDom,
      'react-inlinesvg': reactInlineSvg,
      'react-redux': reactRedux,
      'react-router': reactRouter,
      redux,
      rxjs,
      'rxjs/operators': rxjsOperators,
    },
  });
}

void start();
