import type { IncomingMessage, ServerResponse } from 'node:http'
import type { StreamingControl } from '../engine/streaming/streaming-control.js'
import { checkNames } from '../ops/option-names.js'
import { type HealthOptions, type HealthReport, type StreamHealth, streamHealth } from './health.js'
import { type MetricsRegistry, type PrometheusOptions, prometheusMetrics } from './prometheus.js'

export interface MonitorOptions extends PrometheusOptions, HealthOptions {
  /** Whether to record metrics, for which prom-client must be installed. `false`: probes only. Default true. */
  readonly metrics?: boolean
}

/** An answer to a request. */
export interface MonitorResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Answers the requests of Prometheus and of an orchestrator. */
export interface Monitor {
  readonly health: StreamHealth
  /** Undefined with `metrics: false`. */
  readonly registry: MetricsRegistry | undefined
  /** Answers a request for a path; undefined if the path is none of `/metrics`, `/healthz` and `/readyz`. */
  respond(method: string, path: string): Promise<MonitorResponse | undefined>
  /** Answers a request of node:http: the listener of a server, or one route of another framework. */
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void
  /** Ends the observation of the streams. */
  close(): void
}

/**
 * Serves `/metrics` for Prometheus, and `/healthz` and `/readyz` for an orchestrator. Mount `handler` on a server. It reads
 * only, and needs no token: bind the server to an address that only monitoring reaches. docs/guide/monitoring.md states
 * what the probes mean.
 *
 * ```ts
 * const { createServer } = await import('node:http')
 * const { monitor } = await import('millrace/metrics')
 * const { handler } = await monitor(ssc)
 * const server = createServer(handler).listen(0, '127.0.0.1')
 * server.close()
 * ```
 *
 * @throws SourceError if prom-client is not installed. ArgumentError for an invalid option.
 */
export async function monitor(streams: StreamingControl, options: MonitorOptions = {}): Promise<Monitor> {
  checkNames(options, ['metrics', 'registry', 'prefix', 'labels', 'maxDelay', 'stalledAfter'], 'monitor')
  const { metrics = true, maxDelay, stalledAfter, ...prometheus } = options
  const health = streamHealth(streams, defined({ maxDelay, stalledAfter }))
  const recording = metrics ? await prometheusMetrics(streams, prometheus) : undefined
  const registry = recording?.registry
  const respond = (method: string, path: string) => answer(method, path, health, registry)
  return {
    health,
    registry,
    respond,
    handler: (request, response) => void serve(request, response, respond),
    close: () => {
      recording?.close()
      health.close()
    },
  }
}

async function answer(
  method: string,
  path: string,
  health: StreamHealth,
  registry: MetricsRegistry | undefined,
): Promise<MonitorResponse | undefined> {
  const known = path === '/healthz' || path === '/readyz' || (path === '/metrics' && registry !== undefined)
  if (!known) return undefined
  if (method !== 'GET' && method !== 'HEAD') return text(405, `${path} takes GET and HEAD.\n`, { allow: 'GET, HEAD' })
  if (path === '/healthz') return ofReport(health.live())
  if (path === '/readyz') return ofReport(health.ready())
  return text(200, await registry!.metrics(), { 'content-type': registry!.contentType })
}

async function serve(request: IncomingMessage, response: ServerResponse, respond: Monitor['respond']): Promise<void> {
  const path = (request.url ?? '/').split('?', 1)[0]!
  let made: MonitorResponse
  try {
    made = (await respond(request.method ?? 'GET', path)) ?? text(404, 'Paths: /metrics, /healthz, /readyz.\n')
  } catch {
    // A collector of the user's registry may throw. Its message is not for the network.
    made = text(500, 'The metrics could not be collected.\n')
  }
  const { status, headers, body } = made
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
  response.end(request.method === 'HEAD' ? undefined : body)
}

function ofReport(report: HealthReport): MonitorResponse {
  const headers = { 'content-type': 'application/json; charset=utf-8' }
  return text(report.ok ? 200 : 503, `${JSON.stringify(report)}\n`, headers)
}

function text(status: number, body: string, headers: Readonly<Record<string, string>> = {}): MonitorResponse {
  return {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', ...headers },
    body,
  }
}

/** Returns the options without those that are undefined. */
function defined<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never
}
