export { type HealthCheck, type HealthOptions, type HealthReport, type StreamHealth, streamHealth } from './health.js'
export { type Monitor, type MonitorOptions, type MonitorResponse, monitor } from './monitor.js'
export {
  type MetricsRegistry,
  type PrometheusMetrics,
  type PrometheusOptions,
  prometheusMetrics,
} from './prometheus.js'
export { type StatsReportOptions, statsReport } from './stats-report.js'
