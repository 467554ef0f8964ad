import { readFile } from 'node:fs/promises'
import { deserialize } from 'node:v8'
import { PACKAGE_ROOT } from '../../package-root.js'
import type { WorkerBoot } from '../../pool/protocol.js'
import { PIPELINE_FILES, type PipelineBoot } from '../pipeline-files.js'

/** The folder of the files that Spark ships with an application: the package is a folder there. */
const SHIPPED = new URL('../../', PACKAGE_ROOT)

/** Reads the message with which a worker starts. `json`: the part that needs no pipeline module. */
export async function readBoot(json: string): Promise<WorkerBoot> {
  const { hasPipeline, ...boot } = JSON.parse(json) as WorkerBoot & { readonly hasPipeline?: boolean }
  if (!hasPipeline) return boot
  // Errors of its functions name the files and lines of the user.
  process.setSourceMapsEnabled(true)
  const { params, fingerprint } = deserialize(await readFile(new URL(PIPELINE_FILES.boot, SHIPPED))) as PipelineBoot
  return { ...boot, pipeline: { url: new URL(PIPELINE_FILES.module, SHIPPED).href, params, fingerprint } }
}
