/** How grave an event is, as the bridge has it. */
export const SEVERITIES = ['info', 'warning', 'critical'] as const;
export const BY_SEVERITY_DESC = ['critical', 'warning', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];
