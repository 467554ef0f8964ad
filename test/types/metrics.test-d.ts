import type { IncomingMessage, ServerResponse } from 'node:http'
import type { BatchProgress, JobInfo, Listener, StreamingContext, TaskEnd } from 'millrace'
import { type Monitor, monitor, prometheusMetrics, statsReport, streamHealth } from 'millrace/metrics'
import { openTelemetry } from 'millrace/opentelemetry'
import { Registry } from 'prom-client'
import type { Equal } from './equal.js'

declare const ssc: StreamingContext
declare function same<A, B>(...proof: Equal<A, B> extends true ? [] : [A, B]): void

ssc.on('batchProgress', (progress) => same<typeof progress, BatchProgress>())
ssc.listen({ taskEnded: (task) => same<typeof task, TaskEnd>(), jobCompleted: (job) => same<typeof job, JobInfo>() })
// @ts-expect-error: there is no such event
ssc.listen({ batchDone() {} })
const listener: Listener = { async batchCompleted() {} }
ssc.listen(listener)

const made = await monitor(ssc, { registry: new Registry(), labels: { pipeline: 'a' }, maxDelay: '5s' })
same<typeof made, Monitor>()
same<typeof made.handler, (request: IncomingMessage, response: ServerResponse) => void>()
// @ts-expect-error: labels are texts
await prometheusMetrics(ssc, { labels: { pipeline: 1 } })
// @ts-expect-error: a delay is a number or a text
streamHealth(ssc, { maxDelay: true })
const end: () => void = statsReport(ssc, { batches: 5 })
const off: () => void = await openTelemetry({ spans: 'batch' })
// @ts-expect-error: no such detail
await openTelemetry({ spans: 'record' })
end()
off()
