import {
  type JobInfo,
  type OutputBatch,
  type PipelineHandle,
  type StreamBuilder,
  StreamingContext,
  type StreamingControl,
  type StreamingUi,
  type StreamsStatus,
} from 'millrace'
import { type Equal, same } from './equal.js'

const options = { batchInterval: '1s', params: { port: 1 } } as const
const module = new URL('file:///pipeline.js')

// Where the driver runs says what the host gets.
same<Promise<PipelineHandle>>()(StreamingContext.fromPipeline(module, { ...options, driver: 'thread' }))
same<Promise<StreamingContext>>()(StreamingContext.fromPipeline(module, { ...options, driver: 'host' }))
same<Promise<StreamingContext>>()(StreamingContext.fromPipeline(module, options))
declare const either: 'host' | 'thread'
const both = StreamingContext.fromPipeline(module, { ...options, driver: either })
same<Promise<StreamingContext | PipelineHandle>>()(both)
// What both have can be used without asking which it is.
same<Promise<AsyncIterable<OutputBatch<string>>>>()(both.then((ssc) => ssc.output<string>('out')))
both.then((ssc) => ssc.on('batchCompleted', ({ totalDelay }) => same<number | undefined>()(totalDelay)))
both.then((ssc) => ssc.on('jobCompleted', (job) => same<JobInfo>()(job)))
both.then((ssc) => same<StreamingUi | undefined>()(ssc.ui))
both.then((ssc) => same<Promise<StreamsStatus>>()(ssc.status()))
both.then((ssc) => ssc.pushHandle<number>('numbers').push(1))
// @ts-expect-error a driver in a thread has no batch context here
StreamingContext.fromPipeline(module, { ...options, driver: 'thread' }).then((pipeline) => pipeline.context)
StreamingContext.fromPipeline(module, {
  ...options,
  driver: 'thread',
  ui: { port: 0, token: 'sixteen-letters!', chaos: true },
})
// @ts-expect-error there is no such option of the page
StreamingContext.fromPipeline(module, { ...options, ui: { colour: 'red' } })
// @ts-expect-error there is no such driver
StreamingContext.fromPipeline(module, { ...options, driver: 'elsewhere' })

// Both drivers are controlled through one interface, whose methods have the same types in both.
declare const inHost: StreamingContext
declare const inThread: PipelineHandle
const controls: readonly StreamingControl[] = [inHost, inThread]
for (const control of controls) same<Promise<void>>()(control.start())
type Control = Exclude<keyof StreamingControl, typeof Symbol.asyncDispose>
type Different<C extends StreamingControl> = {
  [K in Control]: Equal<StreamingControl[K], C[K]> extends true ? never : K
}[Control]
declare const differentInThread: Different<PipelineHandle>
same<never>()(differentInThread)
// A PushHandle has more than a PushTarget.
declare const differentInHost: Different<StreamingContext>
same<'pushHandle'>()(differentInHost)

// Completing `ssc.` shows what users call: no node of the graph, no engine.
type Common = keyof StreamingControl | 'terminateThread' | 'terminate'
declare const handleOnly: Exclude<keyof PipelineHandle, Common>
same<never>()(handleOnly)
declare const building: keyof StreamBuilder
same<
  | 'batchInterval'
  | 'binaryRecordsStream'
  | 'context'
  | 'fileStream'
  | 'fromIterable'
  | 'httpTextStream'
  | 'input'
  | 'outputNames'
  | 'printer'
  | 'pushHandle'
  | 'pushStream'
  | 'queueStream'
  | 'remember'
  | 'socketTextStream'
  | 'textFileStream'
  | 'transform'
  | 'union'
>()(building)
declare const contextOnly: Exclude<keyof StreamingContext, keyof StreamingControl | keyof StreamBuilder>
same<'checkpoint' | 'replay'>()(contextOnly)
