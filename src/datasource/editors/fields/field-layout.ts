/** Width of the labels in the query editors, in units of 8 px: rows line up when they break. */
export const LABEL_WIDTH = 16;
