import { css } from '@emotion/css';

/** Of the inputs of the settings page: in Grafana's units of 8 px, and less where the page is narrower. */
export const FIELD_WIDTH = { width: 60, className: css({ maxWidth: '100%' }) };
