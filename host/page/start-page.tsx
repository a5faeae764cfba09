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
import * as React from 'react';
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
import 'react-grid-layout/css/styles.css';
import 'react-resizable/css/styles.css';
import 'uplot/dist/uPlot.min.css';
import './page.css';
import { App } from './pages/app';
import { importApps } from './runtime/plugin-importer';
import { installRuntime } from './runtime/runtime-services';
import { shareModules } from './runtime/system-js';

/** Starts the page as Grafana 13 starts: services, shared modules, apps, then the page itself. */
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
  installRuntime();
  // Without the modules of Grafana's own old plugins (app/*, flot, slate, d3).
  shareModules({
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
    react: React,
    'react/jsx-runtime': jsxRuntime,
    'react/jsx-dev-runtime': jsxDevRuntime,
    'react-dom': reactDom,
    'react-inlinesvg': reactInlineSvg,
    'react-redux': reactRedux,
    'react-router': reactRouter,
    redux,
    rxjs,
    'rxjs/operators': rxjsOperators,
  });
  let fault = '';
  try {
    await importApps();
  } catch (reason) {
    console.error('The app could not be loaded', reason);
    fault = reason instanceof Error ? reason.message : String(reason);
  }
  createRoot(document.getElementById('host')!).render(
    <>
      {fault !== '' && <div role="alert">The app could not be loaded: {fault}</div>}
      <App />
    </>,
  );
}

void start();
