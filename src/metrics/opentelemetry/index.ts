import diagnostics from 'node:diagnostics_channel'
import { missingPackage } from '../../connectors/missing-package.js'
import type { EventName, Listener } from '../../engine/events/engine-events.js'
import { ArgumentError } from '../../errors.js'
import { checkNames } from '../../ops/option-names.js'
import { describe } from '../../values/describe.js'
import { Recorder } from '../recorder.js'
import { MeterInstruments } from './meter-instruments.js'
import type { OpenTelemetryOptions, SpanDetail } from './options.js'
import { Spans } from './spans.js'

export type { OpenTelemetryOptions, SpanDetail }

const DETAILS: readonly SpanDetail[] = ['none', 'batch', 'stage', 'task']

/**
 * Reports all contexts of the process to OpenTelemetry: a span for each batch, with its stages and their tasks below it,
 * and metrics. Set up the providers of your SDK before. It listens to diagnostics channels, so it needs no context. A
 * span costs some 60 µs with the SDK's batch processor. Returns a function that ends the reports.
 *
 * ```ts
 * const { openTelemetry } = await import('millrace/opentelemetry')
 * const end = await openTelemetry({ spans: 'stage' })
 * end()
 * ```
 *
 * @throws SourceError if `@opentelemetry/api` is not installed. ArgumentError for an invalid option.
 */
export async function openTelemetry(options: OpenTelemetryOptions = {}): Promise<() => void> {
  checkNames(options, ['spans', 'metrics'], 'openTelemetry')
  const { spans: detail = 'task', metrics = true } = options
  if (!DETAILS.includes(detail)) {
    throw new ArgumentError(`openTelemetry: spans is ${describe(detail)}; it must be one of ${DETAILS.join(', ')}.`, {
      spans: detail,
    })
  }
  const api = await loadApi()
  const removals: (() => void)[] = []
  if (detail !== 'none') {
    const spans = new Spans(api, detail)
    removals.push(
      subscribe((context) => spans.of(context), spans.events),
      () => spans.close(),
    )
  }
  if (metrics) {
    const instruments = new MeterInstruments(api.metrics.getMeter('millrace'))
    const recorders = new Map<number, Listener>()
    const recorderOf = (context: number) => {
      const known = recorders.get(context)
      if (known) return known
      const { listener } = new Recorder(instruments.of(context))
      recorders.set(context, listener)
      return listener
    }
    const events = Object.keys(new Recorder(instruments.of(0)).listener) as EventName[]
    removals.push(subscribe(recorderOf, events))
    removals.push(
      subscribe((context) => ({ contextStopped: () => void recorders.delete(context) }), ['contextStopped']),
    )
  }
  return () => {
    for (const remove of removals) remove()
  }
}

/** Passes the messages of channels to the listener of their context. */
function subscribe(listenerOf: (context: number) => Listener, events: readonly EventName[]): () => void {
  const subscriptions = events.map((name) => {
    const channel = `millrace:${name}`
    const receive = (message: unknown) => {
      const { context } = message as { readonly context: number }
      listenerOf(context)[name]?.(message as never)
    }
    diagnostics.subscribe(channel, receive)
    return () => diagnostics.unsubscribe(channel, receive)
  })
  return () => {
    for (const unsubscribe of subscriptions) unsubscribe()
  }
}

async function loadApi(): Promise<typeof import('@opentelemetry/api')> {
  try {
    return await import('@opentelemetry/api')
  } catch (cause) {
    throw missingPackage('openTelemetry needs', ['@opentelemetry/api'], 1, cause)
  }
}
