import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { folderOf } from './install.mjs'
import { freePort } from './ports.js'
import { Program } from './program.js'

/** What Java 17 must open for the servers' HTTP side. */
const OPENS = ['java.lang', 'java.util'].flatMap((name) => ['--add-opens', `java.base/${name}=ALL-UNNAMED`])
/** Small, and quick to start. */
const FLAGS = ['-Xms96m', '-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']

const classPath = () => `${folderOf('hdfs')}/classes:${folderOf('hdfs')}/jars/*`

/** A NameNode and a DataNode on loopback. They keep their files and ports when they are restarted. */
export class HdfsService {
  /** Paths begin with it: `hdfs://127.0.0.1:9870`. */
  readonly url: string
  readonly #folder: string
  readonly #ports: readonly [rpc: number, web: number, data: number]
  #servers: Program | undefined

  readonly #flags: readonly string[]

  private constructor(folder: string, ports: readonly [number, number, number], flags: readonly string[]) {
    this.#folder = folder
    this.#flags = flags
    this.#ports = ports
    this.url = `hdfs://127.0.0.1:${ports[1]}`
  }

  /** `flags`: options of Java for the servers. */
  static async start(flags: readonly string[] = FLAGS): Promise<HdfsService> {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-hdfs-'))
    const hdfs = new HdfsService(folder, [await freePort(), await freePort(), await freePort()], flags)
    await hdfs.restart()
    return hdfs
  }

  /** The port to which the NameNode sends readers and writers. */
  get dataPort(): number {
    return this.#ports[2]
  }

  /** Paths of Hadoop's own client begin with it. */
  get clientUrl(): string {
    return `hdfs://127.0.0.1:${this.#ports[0]}`
  }

  get webPort(): number {
    return this.#ports[1]
  }

  /** Starts the servers after `stop`. */
  async restart(): Promise<void> {
    const args = [this.#folder, ...this.#ports].map(String)
    this.#servers = new Program('java', [
      ...this.#flags,
      '-Djava.net.preferIPv4Stack=true',
      ...OPENS,
      '-cp',
      classPath(),
      'MiniHdfs',
      ...args,
    ])
    await this.#servers.line(/^READY/)
  }

  /** The program of `hdfs dfs`, with what it needs. `flags`: options of Java; those of the tests start it fast. */
  shellCommand(
    args: readonly string[],
    flags: readonly string[] = ['-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
  ): { readonly command: string; readonly args: readonly string[] } {
    const java = [...flags, '-cp', classPath()]
    const shell = ['org.apache.hadoop.fs.FsShell', '-fs', this.clientUrl]
    return { command: 'java', args: [...java, ...shell, ...args] }
  }

  /** Runs a command of `hdfs dfs`, as the user who may do all; resolves with the bytes that it printed. */
  async shell(args: readonly string[], input = ''): Promise<Buffer> {
    const shell = this.shellCommand(args)
    const child = spawn(shell.command, shell.args)
    const [out, err]: Buffer[][] = [[], []]
    child.stdout.on('data', (bytes: Buffer) => out!.push(bytes))
    child.stderr.on('data', (bytes: Buffer) => err!.push(bytes))
    child.stdin.end(input)
    const code = await new Promise((resolve) => child.once('close', resolve))
    if (code !== 0) throw new Error(`hdfs dfs ${args.join(' ')} ended with ${code}: ${Buffer.concat(err!)}`)
    return Buffer.concat(out!)
  }

  async stop(): Promise<void> {
    await this.#servers?.stop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
