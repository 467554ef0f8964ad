import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { isInstalled } from './install.mjs'

/**
 * Whether tests of a service can run. With CI set they must: a missing service is an error there. Elsewhere one line says how
 * to install it.
 */
export function hasService(name: string): boolean {
  if (isInstalled(name) || process.env.CI) return true
  console.warn(`${name} is not installed, its tests do not run: node test/services/install.mjs ${name}`)
  return false
}

/** A server in a process of its own. */
export class Service {
  readonly port: number
  readonly #process: ChildProcess
  readonly #exited: Promise<unknown>

  private constructor(child: ChildProcess, port: number) {
    this.#process = child
    this.port = port
    this.#exited = new Promise((resolve) => child.once('exit', resolve))
  }

  /** Starts a command; resolves when its port takes connections. */
  static async start(
    command: string,
    args: readonly string[],
    port: number,
    log: string,
    env: NodeJS.ProcessEnv = process.env,
  ): Promise<Service> {
    const child = spawn(...tied(command, args), { stdio: ['ignore', 'pipe', 'pipe'], env })
    const output = createWriteStream(log, { flags: 'a' })
    child.stdout!.pipe(output)
    child.stderr!.pipe(output)
    const service = new Service(child, port)
    const until = Date.now() + 280_000
    while (!(await takesConnections(port))) {
      if (child.exitCode !== null || Date.now() > until) {
        await service.stop()
        throw new Error(`${command} did not start: ${readFileSync(log, 'utf8').slice(-2000)}`)
      }
      await wait(50)
    }
    return service
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    this.#process.kill(signal)
    const late = setTimeout(() => this.#process.kill('SIGKILL'), 30_000)
    await this.#exited
    clearTimeout(late)
  }
}

/** On Linux, lets the kernel end the command when this process dies, even of a SIGKILL. */
function tied(command: string, args: readonly string[]): [string, readonly string[]] {
  return process.platform === 'linux' ? ['setpriv', ['--pdeathsig', 'TERM', command, ...args]] : [command, args]
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('error', () => resolve(false))
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}
