import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ContextOptions } from 'millrace'
import { folderOf } from './install.mjs'
import { freePort } from './ports.js'
import { Service } from './service.js'

const ROOT = join(import.meta.dirname, '..', '..')
export const BRIDGE = join(ROOT, 'bridge', 'spark', 'dist')
const OPENS = ['java.lang', 'java.nio', 'java.util', 'java.net', 'java.io', 'java.util.concurrent']
/** For JVMs that live some seconds. Executors and drivers have them too. */
process.env.JAVA_TOOL_OPTIONS ??= '-XX:+UseSerialGC -XX:TieredStopAtLevel=1'
const FLAGS = [
  '-Xmx192m',
  ...[...OPENS.map((name) => `java.base/${name}`), 'java.base/sun.nio.ch'].map(
    (name) => `--add-opens=${name}=ALL-UNNAMED`,
  ),
]

/** Ms within which the bridge is built: Maven may have to fetch its own plugins first. */
const BUILD_MS = 240_000

/** Builds the package of the bridge, unless it is newer than everything that it is made of. */
export function buildBridge(): void {
  const last = join(BRIDGE, 'millrace-library.zip')
  const sources = ['build', 'bridge/spark/src', 'bridge/spark/pom.xml'].map((path) => newest(join(ROOT, path)))
  const isNew = () => existsSync(last) && statSync(last).mtimeMs > Math.max(...sources)
  if (isNew()) return
  // Two test files may come here at the same time.
  const lock = join(ROOT, 'bridge', 'spark', '.building')
  const until = Date.now() + BUILD_MS
  while (!mkdirOnce(lock)) {
    if (Date.now() > until) throw new Error(`${lock} is there for ${BUILD_MS} ms: remove it if no build runs`)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
  }
  try {
    if (!isNew()) execFileSync('node', ['scripts/build-spark.mjs'], { cwd: ROOT, stdio: 'inherit', timeout: BUILD_MS })
  } finally {
    rmdirSync(lock)
  }
}

function mkdirOnce(path: string): boolean {
  try {
    mkdirSync(path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function newest(path: string): number {
  if (!statSync(path).isDirectory()) return statSync(path).mtimeMs
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return Math.max(...files.map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs))
}

/** The Sparks that tests run, by their services, with their versions of Scala. */
const SCALA = { spark: '2.13', spark3: '2.12' }
export type SparkVersion = keyof typeof SCALA

/** Options of a context on a master that this machine runs. */
export function onSpark(
  master: string,
  conf: Readonly<Record<string, string>> = {},
  version: SparkVersion = 'spark',
): ContextOptions {
  return {
    master,
    threads: 2,
    spark: {
      home: folderOf(version),
      bridge: BRIDGE,
      conf: {
        'spark.ui.enabled': 'false',
        'spark.driver.host': '127.0.0.1',
        'spark.driver.bindAddress': '127.0.0.1',
        'spark.executor.memory': '512m',
        ...conf,
      },
    },
  }
}

/** A standalone cluster on loopback: a master, and workers of one core each. */
export class SparkCluster {
  readonly master: string
  readonly #services: readonly Service[]
  readonly #folder: string

  private constructor(master: string, services: readonly Service[], folder: string) {
    this.master = master
    this.#services = services
    this.#folder = folder
  }

  static async start(workers: number, version: SparkVersion = 'spark'): Promise<SparkCluster> {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-spark-'))
    const home = folderOf(version)
    const conf = join(folder, 'conf')
    mkdirSync(conf)
    // Executors inherit the environment of their worker.
    const env = {
      ...process.env,
      SPARK_LOCAL_IP: '127.0.0.1',
      SPARK_HOME: home,
      SPARK_CONF_DIR: conf,
      SPARK_SCALA_VERSION: SCALA[version],
    }
    const classPath = join(home, 'jars', '*')
    const services: Service[] = []
    const start = async (main: string, port: number, args: readonly string[]) => {
      const log = join(folder, `${main.split('.').at(-1)}-${services.length}.log`)
      services.push(await Service.start('java', [...FLAGS, '-cp', classPath, main, ...args], port, log, env))
    }
    try {
      const port = await freePort()
      const master = `spark://127.0.0.1:${port}`
      const at = ['--host', '127.0.0.1', '--webui-port', '0', '--port']
      await start('org.apache.spark.deploy.master.Master', port, [...at, String(port)])
      for (let i = 0; i < workers; i++) {
        const own = await freePort()
        const size = ['--cores', '1', '--memory', '1g', '--work-dir', join(folder, `work-${i}`)]
        await start('org.apache.spark.deploy.worker.Worker', own, [...at, String(own), ...size, master])
      }
      return new SparkCluster(master, services, folder)
    } catch (error) {
      await Promise.all(services.map((service) => service.stop()))
      throw error
    }
  }

  /** What the executors wrote to stderr, with the logs of master and workers. */
  logs(): string {
    const files = readdirSync(this.#folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\.log$|stderr$/.test(name),
    )
    return files.map((name) => `== ${name}\n${readFileSync(join(this.#folder, name), 'utf8')}`).join('\n')
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#services].reverse().map((service) => service.stop()))
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
