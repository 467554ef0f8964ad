import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unpacked } from './install.mjs'
import { freePort } from './ports.js'
import { Service } from './service.js'

/** A server of one program on loopback, with a folder for its data. It keeps its data and port when it is restarted. */
export class SmallServer {
  readonly port: number
  readonly folder: string
  readonly #name: string
  readonly #program: string
  readonly #args: (server: SmallServer) => readonly string[]
  #service: Service | undefined

  private constructor(name: string, program: string, port: number, args: (server: SmallServer) => readonly string[]) {
    this.#name = name
    this.#program = program
    this.#args = args
    this.port = port
    this.folder = mkdtempSync(join(tmpdir(), `millrace-${name}-`))
  }

  /** Starts a program of an installed service. `args` may write a file of settings into the folder. */
  static async start(
    name: string,
    program: string,
    args: (server: SmallServer) => readonly string[],
  ): Promise<SmallServer> {
    const server = new SmallServer(name, program, await freePort(), args)
    await server.restart()
    return server
  }

  async restart(): Promise<void> {
    const { command, env } = unpacked(this.#name, this.#program)
    const log = join(this.folder, 'output.txt')
    this.#service = await Service.start(command, this.#args(this), this.port, log, env)
  }

  async crash(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.#service?.stop(signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#service?.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }
}
