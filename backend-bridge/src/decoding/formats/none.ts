import type { FormatFactory } from '../format';

/** The format of an ignored key. */
export const noFormat: FormatFactory = () => ({ structured: false, read: () => undefined });
