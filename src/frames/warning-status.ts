/** HTTP status of a response's error that is a warning only: the query was answered. */
export const WARNING_STATUS = 200;
