import type { Workload } from './figure.ts';
export const shardsWorkloads: Record<string, () => Workload> = {};
