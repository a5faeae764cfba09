import * as emotionCss from '@emotion/css';
import * as emotionReact from '@emotion/react';
import * as grafanaData from '@grafana/data';
import * as grafanaRuntime from '@grafana/runtime';
import * as grafanaUi from '@grafana/ui';
import * as i18next from 'i18next';
import * as lodash from 'lodash';
import * as moment from 'moment';
import * as react from 'react';
import * as reactDom from 'react-dom';
import { createRoot } from 'react-dom/client';
import * as reactInlineSvg from 'react-inlinesvg';
import * as reactRedux from 'react-redux';
import * as reactRouter from 'react-router-dom';
import * as redux from 'redux';
import * as rxjs from 'rxjs';
import * as rxjsOperators from 'rxjs/operators';
import { startPage } from './start-page';

/**
 * Grafana 11.6.0, the oldest supported: React 18. It shares neither react/jsx-runtime (11.6.11 was the first of its
 * line) nor any `unstable` entry: a plugin that asks for one of them must fail here as it does there.
 */
void startPage({
  createRoot,
  grafana: '11.6',
  shared: {
    '@emotion/css': emotionCss,
    '@emotion/react': emotionReact,
    '@grafana/data': grafanaData,
    '@grafana/runtime': grafanaRuntime,
    '@grafana/ui': grafanaUi,
    i18next,
    lodash: { ...lodash, __useDefault: true },
    moment: { ...moment, __useDefault: true },
    react,
    'react-dom': reactDom,
    'react-inlinesvg': reactInlineSvg,
    'react-redux': reactRedux,
    'react-router': reactRouter,
    redux,
    rxjs,
    'rxjs/operators': rxjsOperators,
  },
});
