/** `/metrics` in Prometheus' text format: the host's and the plugins' gauges, and the process's own. */
import { collectDefaultMetrics, Gauge as PromGauge, Registry } from 'prom-client';
import type { Gauge } from '../plugin/plugin.ts';

export interface Metrics {
  readonly contentType: string;
  render(): Promise<string>;
}

/** Call once per server. The gauges are read when the metrics are rendered. */
export function serverMetrics(gauges: readonly Gauge[]): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const { name, help, read } of gauges) {
    const collect = function (this: PromGauge) {
      this.set(read());
    };
    registry.registerMetric(new PromGauge({ name, help, registers: [], collect }));
  }
  return { contentType: registry.contentType, render: () => registry.metrics() };
}
