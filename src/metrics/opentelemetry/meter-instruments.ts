import type { Counter, Gauge, Histogram, Meter } from '@opentelemetry/api'
import { definitionOf, METRIC_NAMES, type MetricName } from '../definitions.js'
import type { Instruments, Labels } from '../recorder.js'

/** The metrics of all contexts as instruments of OpenTelemetry: `batches_total` is `millrace.batches`. */
export class MeterInstruments {
  readonly #counters = new Map<MetricName, Counter>()
  readonly #gauges = new Map<MetricName, Gauge>()
  readonly #histograms = new Map<MetricName, Histogram>()

  constructor(meter: Meter) {
    for (const name of METRIC_NAMES) {
      const { kind, help: description, buckets, sampled } = definitionOf(name)
      const { id, unit } = nameOf(name)
      if (sampled) continue
      if (kind === 'counter') this.#counters.set(name, meter.createCounter(id, { description, unit }))
      else if (kind === 'gauge') this.#gauges.set(name, meter.createGauge(id, { description, unit }))
      else {
        const advice = { explicitBucketBoundaries: [...buckets!] }
        this.#histograms.set(name, meter.createHistogram(id, { description, unit, advice }))
      }
    }
  }

  /** Returns instruments that state the number of their context. */
  of(context: number): Instruments {
    const attributes = (labels?: Labels) => ({ 'millrace.context': context, ...labels })
    return {
      add: (name, value, labels) => this.#counters.get(name)!.add(value, attributes(labels)),
      set: (name, value, labels) => this.#gauges.get(name)!.record(value, attributes(labels)),
      observe: (name, value, labels) => this.#histograms.get(name)!.record(value, attributes(labels)),
    }
  }
}

/** Returns the name and unit that the conventions of OpenTelemetry ask for: no unit in the name, no `_total`. */
function nameOf(name: MetricName): { readonly id: string; readonly unit: string } {
  const stem = name.replace(/_total$/, '')
  if (stem.endsWith('_seconds')) return { id: `millrace.${stem.slice(0, -'_seconds'.length)}`, unit: 's' }
  if (stem.endsWith('_bytes')) return { id: `millrace.${stem}`, unit: 'By' }
  return { id: `millrace.${stem}`, unit: '1' }
}
