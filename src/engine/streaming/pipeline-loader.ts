import { graphOf, type StreamBuilder } from '../../ops/dstream/builder.js'
import { buildPipeline } from '../../ops/pipeline.js'
import { importModule } from '../../pool/pipeline-module.js'
import { engineOf } from '../engine-of.js'
import { pipelineFailed } from '../user-code/user-errors.js'

/** Builds the graph of a pipeline module on a context, and makes every worker thread build the same graph. */
export async function loadPipeline(url: string, params: unknown, ssc: StreamBuilder): Promise<void> {
  const engine = engineOf(ssc.context)
  const exports = await importModule(url, undefined, await engine.preparePipeline(url))
  try {
    buildPipeline(exports, url, params, ssc)
  } catch (error) {
    throw pipelineFailed(url, error)
  }
  const { batchInterval, context } = ssc
  engine.setPipeline({
    url,
    params: { params, batchInterval, parallelism: context.parallelism },
    fingerprint: graphOf(ssc).fingerprint(),
  })
}
