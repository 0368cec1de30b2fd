import type { Workload } from './figure.ts';
export const docsWorkloads: Record<string, () => Workload> = {};
