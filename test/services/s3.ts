import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { folderOf } from './install.mjs'
import { freePort } from './ports.js'
import { Service } from './service.js'

/** Credentials of the server's only user. */
export const USER = { accessKeyId: 'testkey', secretAccessKey: 'testsecret-value' }

/** A server of the S3 protocol on loopback, over a folder, with one bucket, `bucket`. It keeps its port when it is restarted. */
export class S3Service {
  /** Options of the file system. */
  readonly options: { readonly endpoint: string; readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly #folder: string
  readonly #port: number
  #service: Service | undefined

  private constructor(folder: string, port: number) {
    this.#folder = folder
    this.#port = port
    this.options = { endpoint: `http://127.0.0.1:${port}`, ...USER }
  }

  static async start(): Promise<S3Service> {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-s3-'))
    mkdirSync(join(folder, 'root', 'bucket'), { recursive: true })
    const s3 = new S3Service(folder, await freePort())
    await s3.restart()
    return s3
  }

  get port(): number {
    return this.#port
  }

  /** Starts the server after `stop`. */
  async restart(): Promise<void> {
    const user = ['--access', USER.accessKeyId, '--secret', USER.secretAccessKey]
    const args = [...user, '--port', `127.0.0.1:${this.#port}`, 'posix', join(this.#folder, 'root')]
    const log = join(this.#folder, 'log.txt')
    this.#service = await Service.start(join(folderOf('s3'), 'versitygw'), args, this.#port, log)
  }

  async stop(signal?: NodeJS.Signals): Promise<void> {
    await this.#service?.stop(signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
