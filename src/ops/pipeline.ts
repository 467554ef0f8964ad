import { ArgumentError, PipelineError } from '../errors.js'
import { graphOf, type StreamBuilder } from './dstream/builder.js'
import type { AnyFunction } from './functions/ref.js'
import { checkKind, isThenable } from './functions/results.js'

const PIPELINE = Symbol.for('millrace.pipeline')

export interface PipelineDefinition<P = unknown> {
  /** @internal */
  readonly [PIPELINE]: true
  readonly build: (ssc: StreamBuilder, params: P) => void
}

/**
 * Describes a pipeline in a module of its own: `export default definePipeline((ssc, params) => { ... })`. The driver
 * and every worker import the module and build the same graph, so closures, imports and TypeScript work as usual. The
 * function must build the same graph each time: it must not use random numbers, a clock, or data that differs between
 * threads.
 */
export function definePipeline<P = Record<string, string>>(
  build: (ssc: StreamBuilder, params: P) => void,
): PipelineDefinition<P> {
  if (typeof build !== 'function') {
    throw new ArgumentError(
      `definePipeline got ${typeof build}; it takes a function (ssc, params) => { ... } that builds the graph.`,
    )
  }
  checkKind(build as AnyFunction, 'definePipeline', 'value')
  return { [PIPELINE]: true, build }
}

/** Builds the graph of an imported pipeline module on `builder`, and records its functions. */
export function buildPipeline(
  module: Record<string, unknown>,
  url: string,
  params: unknown,
  builder: StreamBuilder,
): void {
  const definition = module.default as PipelineDefinition | undefined
  if (typeof definition !== 'object' || definition === null || definition[PIPELINE] !== true) {
    throw new PipelineError(
      `The pipeline module ${url} has ${'default' in module ? 'a default export that is not a pipeline' : 'no default export'}. Write: export default definePipeline((ssc, params) => { ... })`,
      { details: { url } },
    )
  }
  const { context } = graphOf(builder)
  for (const [name, value] of Object.entries(module)) {
    if (typeof value === 'function') context.exports.set(value as AnyFunction, name)
  }
  context.recording = true
  try {
    const result: unknown = definition.build(builder, params)
    if (isThenable(result)) {
      // Without a handler, its rejection would end the process.
      result.then(undefined, () => {})
      throw new PipelineError(
        `The pipeline function of ${url} returned a promise. It must build the whole graph before it returns: await at the top of the module instead, and use the result in the function.`,
        { details: { url } },
      )
    }
  } finally {
    context.recording = false
  }
}
