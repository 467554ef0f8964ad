import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { folderOf } from '../../test/services/install.mjs'

/*
 * A standalone cluster of Spark on loopback. Contenders are applications that stay, with an executor of one core on each worker, and take
 * turns: so a worker offers more cores than it needs at a time.
 */

const HOST = '127.0.0.1'
const START_MS = 180_000
const OFFERED = ['--cores', '32', '--memory', '64g']
const OPENS = ['lang', 'nio', 'util', 'net', 'io', 'util.concurrent'].map(
  (name) => `--add-opens=java.base/java.${name}=ALL-UNNAMED`,
)

/** Starts a master and `workers` of a Spark: a service, with its version of Scala. Resolves with `{ master, pids, stop() }`. */
export async function startSparkCluster(workers, { service, scala } = { service: 'spark', scala: '2.13' }) {
  const home = folderOf(service)
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-spark-'))
  mkdirSync(join(folder, 'conf'))
  const env = {
    ...process.env,
    SPARK_LOCAL_IP: HOST,
    SPARK_HOME: home,
    SPARK_CONF_DIR: join(folder, 'conf'),
    SPARK_SCALA_VERSION: scala,
  }
  const children = []
  // An interrupted run leaves none of them.
  const kill = () => children.forEach((child) => child.kill('SIGKILL'))
  const interrupt = () => process.exit(130)
  process.once('exit', kill)
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, interrupt)
  const start = async (main, port, args) => {
    const flags = ['-Xmx256m', ...OPENS, '--add-opens=java.base/sun.nio.ch=ALL-UNNAMED']
    const at = ['--host', HOST, '--port', String(port), '--webui-port', '0']
    const path = ['-cp', join(home, 'jars', '*')]
    const child = spawn('java', [...flags, ...path, main, ...at, ...args], { env, stdio: 'ignore' })
    children.push(child)
    await listening(port, child)
  }
  const stop = async () => {
    const running = children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
    const gone = Promise.all(running.map((child) => once(child, 'exit')))
    for (const child of running) child.kill()
    await gone
    process.off('exit', kill)
    for (const signal of ['SIGINT', 'SIGTERM']) process.off(signal, interrupt)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const port = await freePort()
    const master = `spark://${HOST}:${port}`
    await start('org.apache.spark.deploy.master.Master', port, [])
    for (let i = 0; i < workers; i++) {
      const own = [...OFFERED, '--work-dir', join(folder, `work-${i}`), master]
      await start('org.apache.spark.deploy.worker.Worker', await freePort(), own)
    }
    return { master, pids: children.map(({ pid }) => pid), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function freePort() {
  const server = createServer()
  await once(server.listen(0, HOST), 'listening')
  const { port } = server.address()
  server.close()
  return port
}

async function listening(port, child) {
  const until = performance.now() + START_MS
  for (;;) {
    const socket = connect(port, HOST)
    const [event] = await Promise.race(['connect', 'error'].map((name) => once(socket, name).then(() => [name]))).catch(
      () => ['error'],
    )
    socket.destroy()
    if (event === 'connect') return
    if (child.exitCode !== null) throw new Error(`Spark's process ended with ${child.exitCode} while it started`)
    if (performance.now() > until) throw new Error(`Spark does not listen at port ${port} after ${START_MS} ms`)
    await wait(50)
  }
}
