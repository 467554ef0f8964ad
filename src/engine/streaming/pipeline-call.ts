import { ArgumentError } from '../../errors.js'
import { pipelineUrl } from '../../pool/pipeline-module.js'
import { describe } from '../../values/describe.js'
import { mustBeData } from '../../values/fault.js'
import { usable } from '../../values/unusable.js'
import type { PipelineOptions, StreamingOptions } from './streaming-options.js'

/** A checked call of `StreamingContext.fromPipeline`. */
export interface PipelineCall {
  readonly url: string
  readonly driver: 'host' | 'thread'
  /** The options of the context. */
  readonly rest: StreamingOptions
}

/** Checks the arguments of `fromPipeline`. @throws ArgumentError that names the argument, DataError for its parameters. */
export function checkPipelineCall<P>(module: URL | string, options: PipelineOptions<P>): PipelineCall {
  const url = usable('StreamingContext.fromPipeline', [module], () => pipelineUrl(module))
  // Spreading a string would copy its characters as options.
  if (typeof options !== 'object' || options === null)
    throw new ArgumentError(
      `StreamingContext.fromPipeline got ${describe(options)}; it takes an object of options, with batchInterval.`,
    )
  const { driver = 'host', ...rest } = usable('StreamingContext.fromPipeline', [options], () => ({ ...options }))
  mustBeData(rest.params, 'The parameters of a pipeline go to every thread', 'params', true)
  if (driver !== 'host' && driver !== 'thread')
    throw new ArgumentError(`driver is ${describe(driver)}; it must be 'host' or 'thread'.`, { driver })
  return { url, driver, rest }
}
