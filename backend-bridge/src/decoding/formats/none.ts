import type { FormatFactory } from '../format';

/** A key that nobody reads. */
export const noFormat: FormatFactory = () => ({ structured: false, read: () => undefined });
