/** Severity of an event, as the bridge sends it. */
export const SEVERITIES = ['info', 'warning', 'critical'] as const;
export const BY_SEVERITY_DESC = ['critical', 'warning', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];
