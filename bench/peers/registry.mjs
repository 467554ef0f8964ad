import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { folderOf } from '../../test/services/install.mjs'
import { built, peersFolder, tool, Unavailable } from './build.mjs'
import { flink, spark } from './jvm.mjs'
import { otherNode } from './other-node.mjs'

/*
 * The peers: how to build each, and how to start a contender of it. `prepare(options)` builds, or throws Unavailable,
 * and returns `{ version, start(task) }`; `start` returns the command line. `warmUp` is the least number of iterations,
 * and of seconds of them, before the measurement.
 */

const POLARS = '2.1.0'
const DUCKDB = '2.0.0'
const BYTEWAX = '0.21.1'
const RXJS = '7.8.2'
const TIMELY = '0.32.0'

const BRIEF = { iterations: 3, seconds: 1 }

const words = (task) => Object.entries(task).map(([name, value]) => `${name}=${value}`)

function node(script, more = {}, command = process.execPath) {
  const args = [join(peersFolder, script)]
  return (task) => ({ command, args: [...args, ...words({ ...task, ...more })] })
}

/** A virtual environment with one package. */
async function python(name, version, script) {
  const folder = await built(name, [`${name}==${version}`], async (folder) => {
    await tool('python3', ['-m', 'venv', folder])
    await tool(join(folder, 'bin', 'pip'), ['install', '--quiet', `${name}==${version}`])
  })
  return {
    version,
    start: (task) => ({
      command: join(folder, 'bin', 'python'),
      args: [join(peersFolder, 'python', script), ...words(task)],
    }),
  }
}

async function rust() {
  const version = (await tool('rustc', ['--version'])).trim()
  const folder = await built('rust', ['native/limit.rs', version], (folder) => {
    const flags = ['--edition', '2021', '-C', 'opt-level=3', '-C', 'target-cpu=native']
    return tool('rustc', [...flags, '-o', join(folder, 'limit'), join(peersFolder, 'native', 'limit.rs')])
  })
  return { version, start: (task) => ({ command: join(folder, 'limit'), args: words(task) }) }
}

async function timely() {
  const version = (await tool('rustc', ['--version'])).trim()
  const manifest = join(peersFolder, 'native', 'timely', 'Cargo.toml')
  const folder = await built('timely', ['native/timely', version], (folder) =>
    tool('cargo', ['build', '--release', '--locked', '--quiet', '--manifest-path', manifest, '--target-dir', folder], {
      env: { ...process.env, RUSTFLAGS: '-C target-cpu=native' },
    }),
  )
  return {
    version: `${TIMELY}, ${version}`,
    start: (task) => ({ command: join(folder, 'release', 'millrace-peer-timely'), args: words(task) }),
  }
}

async function rxjs() {
  const folder = await built('rxjs', [`rxjs@${RXJS}`], (folder) =>
    tool('npm', ['install', '--prefix', folder, '--no-save', '--no-audit', '--no-fund', `rxjs@${RXJS}`], {
      cwd: folder,
    }),
  )
  return { version: RXJS, start: node('rxjs/main.mjs', { modules: folder }) }
}

async function grep() {
  const [version] = (await tool('grep', ['--version'])).split('\n')
  return { version, start: node('native/grep.mjs') }
}

async function millrace() {
  if (!existsSync(new URL('../../dist/index.js', import.meta.url))) throw new Unavailable('dist/ is not built')
  return { version: `this one, Node ${process.version}`, start: node('millrace/main.mjs') }
}

async function millraceSpark() {
  const { version } = await millrace()
  if (!existsSync(new URL('../../bridge/spark/dist/millrace-library.zip', import.meta.url)))
    throw new Unavailable('bridge/spark/dist is not built: npm run build:spark')
  mustHaveSpark()
  return { version, start: node('millrace/main.mjs') }
}

/** Spark on a cluster. */
async function sparkRdd() {
  mustHaveSpark()
  return await spark()
}

function mustHaveSpark() {
  if (existsSync(folderOf('spark'))) return
  throw new Unavailable('Spark is not installed: node test/services/install.mjs spark')
}

const plainNode = async () => ({ version: process.version, start: node('node/main.mjs') })

async function millraceLts(options) {
  await millrace()
  const { path, version } = await otherNode(options.node)
  return { version: `this one, Node ${version}`, start: node('millrace/main.mjs', {}, path) }
}

async function nodeLts(options) {
  const { path, version } = await otherNode(options.node)
  return { version, start: node('node/main.mjs', {}, path) }
}

export const PEERS = {
  millrace: { title: 'Millrace', warmUp: { iterations: 6, seconds: 2 }, prepare: millrace },
  'millrace-lts': { title: 'Millrace on another Node', warmUp: { iterations: 6, seconds: 2 }, prepare: millraceLts },
  node: { title: 'hand-written Node loop, one thread', warmUp: BRIEF, prepare: plainNode },
  'node-lts': { title: 'hand-written loop on another Node', warmUp: BRIEF, prepare: nodeLts },
  rxjs: { title: 'RxJS, one thread', warmUp: BRIEF, prepare: rxjs },
  spark: { title: 'Spark DStreams', warmUp: { iterations: 10, seconds: 8 }, prepare: spark },
  'millrace-spark': {
    title: 'Millrace on Spark',
    warmUp: { iterations: 4, seconds: 6 },
    prepare: millraceSpark,
  },
  'spark-rdd': { title: 'Spark RDD', warmUp: { iterations: 4, seconds: 8 }, prepare: sparkRdd },
  'spark-sql': { title: 'Spark SQL, file', warmUp: { iterations: 4, seconds: 8 }, prepare: spark },
  'spark-structured': {
    title: 'Spark Structured Streaming, file',
    warmUp: { iterations: 8, seconds: 8 },
    prepare: spark,
  },
  flink: { title: 'Flink, file', warmUp: { iterations: 2, seconds: 4 }, prepare: flink },
  polars: {
    title: 'polars, streaming engine, file',
    warmUp: BRIEF,
    prepare: () => python('polars', POLARS, 'peer_polars.py'),
  },
  duckdb: { title: 'DuckDB, file', warmUp: BRIEF, prepare: () => python('duckdb', DUCKDB, 'peer_duckdb.py') },
  bytewax: {
    title: 'bytewax, one worker, file',
    warmUp: { iterations: 1, seconds: 0 },
    prepare: () => python('bytewax', BYTEWAX, 'peer_bytewax.py'),
  },
  timely: { title: 'timely dataflow (Rust), in memory', warmUp: BRIEF, prepare: timely },
  rust: { title: 'native (Rust), in memory', warmUp: BRIEF, prepare: rust },
  grep: { title: 'GNU grep -c, one thread, file', warmUp: BRIEF, prepare: grep },
}
