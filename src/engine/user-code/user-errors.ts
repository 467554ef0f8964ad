import { fileURLToPath } from 'node:url'
import { MillraceError, OutputFailedError, PipelineError, SourceError } from '../../errors.js'
import type { OutputOperation } from '../../ops/dstream/graph.js'
import { isThenable } from '../../ops/functions/results.js'
import { messageOf } from '../../values/message-of.js'
import { showUserFrames, userFrames } from './user-stack.js'

/*
 * User functions that the driver runs may throw anything. The thrown value becomes the cause of a MillraceError that
 * says where it came from; a MillraceError is not wrapped. The function of `transform` is an exception, as in Spark:
 * its error reaches the caller unchanged.
 */

/** Returns `file:line:column` of the first frame of user code. */
function placeOf(stack: unknown): string | undefined {
  const place = /(?:\(|at )([^()]+:\d+:\d+)\)?$/.exec(userFrames(stack)[0] ?? '')?.[1]
  return place?.startsWith('file:') ? place.replace(/^.*(?=:\d+:\d+$)/, (file) => fileURLToPath(file)) : place
}

/** Wraps the value that the function of an output operation threw. */
export function outputFailed({ id, label, site }: OutputOperation, batchTime: number, cause: unknown): MillraceError {
  if (cause instanceof MillraceError) return cause
  const callSite = placeOf(site.stack)
  const where = callSite ? `, called at ${callSite},` : ''
  const details = { batchTime, operation: label, output: id, callSite }
  const message = `${label}${where} failed in batch ${batchTime} ms: ${messageOf(cause)}`
  return showUserFrames(new OutputFailedError(message, { cause, details }), cause)
}

/** Wraps the value that a pipeline function threw while it built the graph. */
export function pipelineFailed(url: string, cause: unknown): MillraceError {
  if (cause instanceof MillraceError) return cause
  const message = `The pipeline function of ${url} failed: ${messageOf(cause)}`
  return showUserFrames(new PipelineError(message, { cause, details: { url } }), cause)
}

/** Wraps the value that the code of a source threw. `what`: the failed action, such as `start` or `stop`. */
export function sourceFailed(source: string, what: string, cause: unknown): MillraceError {
  if (cause instanceof MillraceError) return cause
  const message = `${source} failed to ${what}: ${messageOf(cause)}`
  return showUserFrames(new SourceError(message, { cause, details: { source } }), cause)
}

/** Calls the code of a source. A thrown value or rejection becomes a SourceError. */
export function fromSource<R>(source: string, what: string, call: () => R): R {
  const failed = (cause: unknown): never => {
    throw sourceFailed(source, what, cause)
  }
  try {
    const answer: unknown = call()
    return (isThenable(answer) ? Promise.resolve(answer).catch(failed) : answer) as R
  } catch (cause) {
    return failed(cause)
  }
}
