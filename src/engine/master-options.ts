import { ArgumentError } from '../errors.js'
import { checkNames } from '../ops/option-names.js'
import { describe } from '../values/describe.js'

/** How a context with `master` starts Spark. */
export interface SparkOptions {
  /** Directory of Spark 4 (Scala 2.13) or Spark 3.5 (Scala 2.12), with its folder `jars`. Default: the environment variable SPARK_HOME. */
  readonly home?: string
  /** Settings of the SparkContext, such as `{ 'spark.executor.memory': '2g' }`. */
  readonly conf?: Readonly<Record<string, string>>
  /** Heap of the driver JVM. Default '1g'. */
  readonly driverMemory?: string
  /** Directory with the jars of the bridge, and the archive for executors. Default: the package `millrace-spark`. */
  readonly bridge?: string
  /**
   * Packages that the bundle of a pipeline module leaves outside, such as native ones. Executors need them in a folder `node_modules`
   * beside it: `{ 'spark.archives': 'node_modules.tgz#node_modules' }`. Default: none.
   */
  readonly external?: readonly string[]
}

const MASTER = /^(?:spark:\/\/[^/\s]+:\d+(?:,[^/\s]+:\d+)*|local\[(?:\*|[1-9]\d*)\]|yarn|k8s:\/\/\S+)$/

export function checkMaster(given: string | undefined): string | undefined {
  if (given === undefined || (typeof given === 'string' && MASTER.test(given))) return given
  throw new ArgumentError(
    `master is ${describe(given)}; it must be the URL of a Spark master: 'spark://host:7077', 'local[2]', 'local[*]', 'yarn' or 'k8s://https://host:6443'.`,
    { master: given },
  )
}

export function checkSpark(given: SparkOptions | undefined, master: string | undefined): SparkOptions {
  if (given === undefined) return {}
  checkNames(given, ['home', 'conf', 'driverMemory', 'bridge', 'external'], 'spark')
  if (master === undefined)
    throw new ArgumentError(
      `spark is ${describe(given)}, but there is no master; add the option master, or leave it out.`,
    )
  const { conf = {}, external = [], ...texts } = given
  for (const [name, value] of Object.entries(texts)) {
    if (value !== undefined && (typeof value !== 'string' || value === ''))
      throw new ArgumentError(`spark.${name} is ${describe(value)}; it must be a text that is not empty, or absent.`, {
        [name]: value,
      })
  }
  for (const [name, value] of Object.entries(conf)) {
    if (typeof value !== 'string' || !name.startsWith('spark.'))
      throw new ArgumentError(
        `spark.conf has ${describe(name)}: ${describe(value)}; it must be an object of texts whose names begin with 'spark.'.`,
        { conf },
      )
  }
  if (!Array.isArray(external) || !external.every((name) => typeof name === 'string' && name !== ''))
    throw new ArgumentError(`spark.external is ${describe(external)}; it must be a list of names of packages.`, {
      external,
    })
  return given
}
