/** Icons of @grafana/ui have fixed sizes; beside text that grows with the panel they grow with it. */
export const iconsOfTextSize = { '& svg': { width: 'max(14px, 1em)', height: 'max(14px, 1em)' } } as const;
