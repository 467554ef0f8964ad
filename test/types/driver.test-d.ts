import { type OutputBatch, type PipelineHandle, StreamingContext } from 'millrace'
import { same } from './equal.js'

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
both.then((ssc) => ssc.pushHandle<number>('numbers').push(1))
// @ts-expect-error a driver in a thread has no batch context here
StreamingContext.fromPipeline(module, { ...options, driver: 'thread' }).then((pipeline) => pipeline.context)
// @ts-expect-error there is no such driver
StreamingContext.fromPipeline(module, { ...options, driver: 'elsewhere' })
