import type { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { missingPackage } from '../connectors/missing-package.js'
import type { StreamingControl } from '../engine/streaming/streaming-control.js'
import { ArgumentError } from '../errors.js'
import { checkNames } from '../ops/option-names.js'
import { describe } from '../values/describe.js'
import { definitionOf, METRIC_NAMES, type MetricName } from './definitions.js'
import { type Instruments, type Labels, Recorder } from './recorder.js'
import { type Sample, Sampler } from './sampler.js'

/** A registry of prom-client, version 15. */
export interface MetricsRegistry {
  readonly contentType: string
  metrics(): Promise<string>
}

export interface PrometheusOptions {
  /** The registry that receives the metrics. Default: a new one. */
  readonly registry?: MetricsRegistry
  /** Prefix of all names. Default 'millrace_'. */
  readonly prefix?: string
  /** Labels of all metrics, which distinguish several pipelines in one registry. Default: none. */
  readonly labels?: Labels
}

/** Metrics of one pipeline in a registry of prom-client. */
export interface PrometheusMetrics {
  readonly registry: MetricsRegistry
  /** Ends the recording. The metrics stay in the registry with their last values. */
  close(): void
}

type PromClient = typeof import('prom-client')
type Metric = Counter | Gauge | Histogram

/** The pipelines whose samples the gauges of a registry take. */
const SAMPLED = new WeakMap<object, Set<Sampled>>()

interface Sampled {
  readonly sampler: Sampler
  readonly labels: Labels
}

/**
 * Records streams as metrics in a registry of prom-client, version 15, which must be installed. docs/guide/monitoring.md
 * lists their names. Costs about 1 µs a task and 6 µs a batch.
 *
 * ```ts
 * const { prometheusMetrics } = await import('millrace/metrics')
 * const { registry } = await prometheusMetrics(ssc)
 * const text = await registry.metrics()
 * ```
 *
 * @throws SourceError if prom-client is not installed. ArgumentError for an invalid option, or if pipelines of one registry
 *   have labels with different names.
 */
export async function prometheusMetrics(
  streams: StreamingControl,
  options: PrometheusOptions = {},
): Promise<PrometheusMetrics> {
  checkNames(options, ['registry', 'prefix', 'labels'], 'prometheusMetrics')
  const { prefix = 'millrace_', labels = {} } = options
  if (typeof prefix !== 'string' || !/^[a-zA-Z_:][\w:]*$/.test(prefix)) {
    throw new ArgumentError(
      `prometheusMetrics: prefix is ${describe(prefix)}; it must be letters, digits and underscores, such as 'orders_'.`,
      { prefix },
    )
  }
  const client = await loadClient()
  const registry = (options.registry ?? new client.Registry()) as Registry
  const recorder = new Recorder(new PrometheusInstruments(client, registry, prefix, labels))
  const sampled = { sampler: new Sampler(streams, recorder), labels }
  const all = SAMPLED.get(registry) ?? new Set()
  SAMPLED.set(registry, all.add(sampled))
  const remove = streams.listen(recorder.listener)
  return {
    registry,
    close: () => {
      remove()
      all.delete(sampled)
    },
  }
}

/** Creates the metrics of a registry, or finds those of another pipeline. */
class PrometheusInstruments implements Instruments {
  readonly #metrics: ReadonlyMap<MetricName, Metric>
  readonly #labels: Labels

  constructor(client: PromClient, registry: Registry, prefix: string, labels: Labels) {
    this.#labels = labels
    const names = Object.keys(labels)
    this.#metrics = new Map(METRIC_NAMES.map((name) => [name, metricOf(client, registry, prefix, name, names)]))
    // A counter that has never counted would be absent, and a rate over it would have no first value.
    for (const [name, metric] of this.#metrics) {
      const { kind, labels: own } = definitionOf(name)
      if (kind === 'counter' && !own) (metric as Counter).inc(labels, 0)
    }
  }

  add(name: MetricName, value: number, labels?: Labels): void {
    ;(this.#metrics.get(name) as Counter).inc({ ...this.#labels, ...labels }, value)
  }

  set(name: MetricName, value: number, labels?: Labels): void {
    ;(this.#metrics.get(name) as Gauge).set({ ...this.#labels, ...labels }, value)
  }

  observe(name: MetricName, value: number, labels?: Labels): void {
    ;(this.#metrics.get(name) as Histogram).observe({ ...this.#labels, ...labels }, value)
  }
}

function metricOf(
  client: PromClient,
  registry: Registry,
  prefix: string,
  name: MetricName,
  common: readonly string[],
): Metric {
  const { kind, help, labels = [], buckets, sampled } = definitionOf(name)
  const full = `${prefix}${name}`
  const labelNames = [...common, ...labels]
  const existing = registry.getSingleMetric(full) as (Metric & { labelNames: string[] }) | undefined
  if (existing) {
    if (existing.labelNames.join() === labelNames.join()) return existing
    throw new ArgumentError(
      `prometheusMetrics: the registry has ${full} with the labels ${describe(existing.labelNames)}, and this pipeline has ${describe(labelNames)}. Set labels with the same names for every pipeline, or another prefix.`,
      { metric: full },
    )
  }
  const base = { name: full, help, labelNames, registers: [registry] }
  if (kind === 'counter') return new client.Counter(base)
  if (kind === 'histogram') return new client.Histogram({ ...base, buckets: [...buckets!] })
  if (!sampled) return new client.Gauge(base)
  return new client.Gauge({
    ...base,
    async collect() {
      for (const { sampler, labels: of } of SAMPLED.get(registry) ?? [])
        for (const { value, labels: own } of valuesOf(await sampler.sample(), name)) this.set({ ...of, ...own }, value)
    },
  })
}

function valuesOf(sample: readonly Sample[], name: MetricName): readonly Sample[] {
  return sample.filter((one) => one.name === name)
}

async function loadClient(): Promise<PromClient> {
  try {
    const loaded = (await import('prom-client')) as PromClient & { readonly default?: PromClient }
    return loaded.default ?? loaded
  } catch (cause) {
    throw missingPackage('prometheusMetrics needs', ['prom-client'], 15, cause)
  }
}
