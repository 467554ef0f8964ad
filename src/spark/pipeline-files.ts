import type { WorkerBoot } from '../pool/protocol.js'

/** Names of what executors have in one folder. */
export const PIPELINE_FILES = {
  /** The package: an archive that Spark unpacks into a folder of the same name. */
  library: 'millrace-library',
  /** The pipeline module with all that it imports. */
  module: 'millrace-pipeline.mjs',
  /** The serialized PipelineBoot. */
  boot: 'millrace-pipeline.bin',
} as const

/** A worker builds its graph from the parameters, and compares it with the fingerprint. */
export type PipelineBoot = Pick<NonNullable<WorkerBoot['pipeline']>, 'params' | 'fingerprint'>
