import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { ContextSettings } from '../engine/options.js'
import { ArgumentError, PackageError } from '../errors.js'
import { bridgeVersion } from './version.js'

/** Files of the bridge's package. */
const JAR = 'millrace-spark-bridge.jar'
const WORKER = 'millrace-worker.mjs'
const KERNELS = 'kernels.wasm'

const LOOPBACK = '127.0.0.1'
const ANY = '0.0.0.0'

export interface SparkConfiguration {
  readonly classPath: string
  readonly memory: string
  readonly conf: Readonly<Record<string, string>>
}

/**
 * Returns the configuration of the SparkContext.
 *
 * @throws ArgumentError if there is no Spark at the given home; PackageError if the bridge is not installed.
 */
export function configurationOf(options: ContextSettings): SparkConfiguration {
  const { master, spark, codegen, fileSystems, maxFailures, maxResultBytes, parallelism, taskTimeoutMs } = options
  const home = spark.home ?? process.env.SPARK_HOME
  if (home === undefined || !existsSync(join(home, 'jars'))) {
    throw new ArgumentError(
      `spark.home is ${home === undefined ? 'not set, nor is SPARK_HOME' : `'${home}', which has no folder 'jars'`}; it must be the folder of Spark 4 for Scala 2.13.`,
      { home },
    )
  }
  const bridge = spark.bridge ?? installedBridge()
  const jar = join(bridge, JAR)
  if (!existsSync(jar)) throw new PackageError(`${jar} does not exist`, { file: jar })
  const conf = {
    'spark.app.name': 'millrace',
    'spark.log.level': 'WARN',
    'spark.default.parallelism': String(parallelism),
    'spark.driver.maxResultSize': `${maxResultBytes}b`,
    'spark.task.maxFailures': String(maxFailures),
    'spark.millrace.node': isLocal(master!) ? process.execPath : 'node',
    ...spark.conf,
    'spark.master': masterOf(master!, maxFailures),
    'spark.jars': jar,
    'spark.files': [WORKER, KERNELS].map((file) => join(bridge, file)).join(','),
    // A long in Java.
    'spark.millrace.taskTimeoutMs': String(Math.min(taskTimeoutMs, Number.MAX_SAFE_INTEGER)),
    'spark.millrace.version': bridgeVersion(),
    'spark.millrace.boot': JSON.stringify({ codegen, fileSystems }),
  }
  return { classPath: `${join(home, 'jars', '*')}:${jar}`, memory: spark.driverMemory ?? '1g', conf }
}

/** The address of this machine at which executors ask for received data. */
export function hostOf({ conf }: SparkConfiguration): string {
  if (isLocal(conf['spark.master']!)) return LOOPBACK
  return conf['spark.driver.bindAddress'] ?? conf['spark.driver.host'] ?? ANY
}

/** Adds where received data is served. Executors know the driver's address from Spark. */
export function withBlocks(
  configuration: SparkConfiguration,
  { port, token }: { readonly port: number; readonly token: string },
): SparkConfiguration {
  const conf: Record<string, string> = {
    ...configuration.conf,
    'spark.millrace.port': String(port),
    'spark.millrace.token': token,
  }
  if (isLocal(conf['spark.master']!)) conf['spark.millrace.host'] = LOOPBACK
  return { ...configuration, conf }
}

function isLocal(master: string): boolean {
  return master.startsWith('local')
}

/** Only a local master has the number of failures in its URL, and does not retry without it. */
function masterOf(master: string, maxFailures: number): string {
  return isLocal(master) ? master.replace(/\]$/, `,${maxFailures}]`) : master
}

function installedBridge(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('millrace-spark/package.json')), 'dist')
  } catch (cause) {
    throw new PackageError('the package millrace-spark is not installed', { cause })
  }
}
