import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from '../engine/logger.js'
import { StateError } from '../errors.js'
import { intBytes, SocketReader } from './socket-reader.js'

/** Most ms until the JVM has a SparkContext: a cluster may have to start executors first. */
const START_MS = 120_000
/** Most ms between the message to stop and the exit of the JVM. */
const STOP_MS = 15_000
/** Most ms that a JVM that does not start may take to write why. */
const LAST_WORDS_MS = 3000
/** Lines of the JVM's log that an error of its start shows. */
const SHOWN_LINES = 15
const STACK_FRAME = /^\s+(at |\.\.\. \d+ more)/
const TOKEN_BYTES = 24

/** The packages of Java that Spark opens, as its own launcher does. */
const OPENS = [
  ...[
    'lang',
    'lang.invoke',
    'lang.reflect',
    'io',
    'net',
    'nio',
    'util',
    'util.concurrent',
    'util.concurrent.atomic',
  ].map((name) => `java.base/java.${name}`),
  ...['jdk.internal.ref', 'sun.nio.ch', 'sun.nio.cs', 'sun.security.action', 'sun.util.calendar'].map(
    (name) => `java.base/${name}`,
  ),
].map((name) => `--add-opens=${name}=ALL-UNNAMED`)

export interface GatewayOptions {
  /** The class path of Spark and the bridge. */
  readonly classPath: string
  /** The driver JVM's heap, such as '1g'. */
  readonly memory: string
  /** The configuration of the SparkContext. */
  readonly conf: Readonly<Record<string, string>>
  readonly logger: Logger
  /** Aborts when the context closes. */
  readonly closing: AbortSignal
}

export interface GatewayAnswer {
  /** The number of blocks that are results; reports of tasks follow. */
  readonly results: number
  readonly blocks: readonly Buffer[]
}

interface AnswerHead {
  readonly call?: number
  readonly results?: number
  readonly error?: string
  readonly lengths: readonly number[]
}

interface Call {
  resolve(answer: GatewayAnswer): void
  reject(error: Error): void
}

/** A failure that the JVM reports: the texts of a Java exception and its causes, one a line. */
export class JavaError extends Error {}

/** The flags that Spark's own launcher would add. */
function driverFlags(conf: GatewayOptions['conf']): string[] {
  const settings = ['spark.driver.defaultJavaOptions', 'spark.driver.extraJavaOptions']
  return settings.flatMap((name) => conf[name]?.split(/\s+/) ?? []).filter((flag) => flag !== '')
}

/** The JVM with the SparkContext, a child of this process that ends with it. Only jobs are answered. */
export class Gateway {
  readonly #child: ChildProcess
  readonly #socket: Socket
  readonly #reader: SocketReader
  readonly #calls = new Map<number, Call>()
  #next = 0
  /** Why the JVM takes no more messages. */
  #broken: Error | undefined

  private constructor(child: ChildProcess, socket: Socket, reader: SocketReader) {
    this.#child = child
    this.#socket = socket
    this.#reader = reader
  }

  /** Starts the JVM and its SparkContext. Rejects with StateError if that fails or takes longer than two minutes. */
  static async open({ classPath, memory, conf, logger, closing }: GatewayOptions): Promise<Gateway> {
    const token = randomBytes(TOKEN_BYTES).toString('hex')
    const server = createServer()
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    const java = process.env.JAVA_HOME ? `${process.env.JAVA_HOME}/bin/java` : 'java'
    const flags = [
      `-Xmx${memory}`,
      '-XX:+IgnoreUnrecognizedVMOptions',
      ...OPENS,
      '-Djdk.reflect.useDirectMethodHandle=false',
      ...driverFlags(conf),
    ]
    const child = spawn(java, [...flags, '-cp', classPath, 'millrace.bridge.Gateway'], {
      env: { ...process.env, MILLRACE_PORT: String(port), MILLRACE_TOKEN: token },
      stdio: ['ignore', 'inherit', 'pipe'],
    })
    const log = logOf(child, logger)
    const signal = AbortSignal.any([closing, AbortSignal.timeout(START_MS)])
    const ended = Promise.race([exited(child), aborted(signal)])
    // It may reject after the start, which nothing waits for then.
    ended.catch(() => {})
    try {
      const { socket, reader } = await Promise.race([accepted(server, token), ended])
      const gateway = new Gateway(child, socket, reader)
      gateway.#write(JSON.stringify(conf))
      await Promise.race([gateway.#head(), ended])
      void gateway.#serve()
      return gateway
    } catch (cause) {
      // A JVM that ends by itself may still have to write why.
      if (!signal.aborted) await Promise.race([once(child, 'close'), wait(LAST_WORDS_MS)])
      child.kill('SIGKILL')
      throw notStarted(cause as Error, log)
    } finally {
      server.close()
    }
  }

  /** Whether the JVM takes no more messages. */
  get isEnded(): boolean {
    return this.#broken !== undefined
  }

  /** Sends a message that has no answer. */
  tell(message: object, bytes: Uint8Array = new Uint8Array()): void {
    if (this.#broken) throw this.#broken
    this.#socket.cork()
    this.#write(JSON.stringify(message))
    this.#socket.write(intBytes(bytes.length))
    this.#socket.write(bytes)
    process.nextTick(() => this.#socket.uncork())
  }

  /** Sends a message and resolves with its answer. Rejects with JavaError, or with StateError if the JVM has ended. */
  ask(message: object): Promise<GatewayAnswer> {
    const call = this.#next++
    return new Promise((resolve, reject) => {
      this.#calls.set(call, { resolve, reject })
      try {
        this.tell({ ...message, call })
      } catch (error) {
        this.#calls.delete(call)
        reject(error)
      }
    })
  }

  /** Stops the SparkContext, which ends its executors, and the JVM. Kills the JVM if that takes too long. */
  async close(): Promise<void> {
    if (!this.#broken) this.tell({ op: 'stop' })
    this.#fail(new StateError('The context is stopped and runs no more jobs. Create a new context.'))
    const gone = exited(this.#child).catch(() => {})
    const late = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS)
    await gone
    clearTimeout(late)
    this.#socket.destroy()
  }

  #write(text: string): void {
    const bytes = Buffer.from(text)
    this.#socket.write(intBytes(bytes.length))
    this.#socket.write(bytes)
  }

  async #head(): Promise<AnswerHead & { readonly bytes: Buffer }> {
    const head = JSON.parse((await this.#reader.bytes()).toString()) as AnswerHead
    return { ...head, bytes: await this.#reader.bytes() }
  }

  async #serve(): Promise<void> {
    try {
      for (;;) this.#answered(await this.#head())
    } catch (cause) {
      this.#fail(
        new StateError('The JVM with the SparkContext has ended. Create a new context.', { cause: String(cause) }),
      )
    }
  }

  #answered({ call = -1, results = 0, error, lengths, bytes }: AnswerHead & { readonly bytes: Buffer }): void {
    const waiting = this.#calls.get(call)
    if (!waiting) {
      // A message that built the graph failed, so jobs on it have no meaning.
      if (error !== undefined) this.#fail(new JavaError(error))
      return
    }
    this.#calls.delete(call)
    if (error !== undefined) {
      waiting.reject(new JavaError(error))
      return
    }
    let at = 0
    waiting.resolve({ results, blocks: lengths.map((length) => bytes.subarray(at, (at += length))) })
  }

  #fail(error: Error): void {
    this.#broken ??= error
    for (const { reject } of this.#calls.values()) reject(error)
    this.#calls.clear()
  }
}

/** Resolves with the connection whose first message is the token. Others are closed. */
function accepted(server: Server, token: string): Promise<{ readonly socket: Socket; readonly reader: SocketReader }> {
  const wanted = Buffer.from(token)
  return new Promise((resolve) => {
    server.on('connection', async (socket) => {
      socket.setNoDelay(true)
      const reader = new SocketReader(socket)
      try {
        const length = await reader.int()
        if (length === wanted.length && timingSafeEqual(await reader.rest(length), wanted)) resolve({ socket, reader })
        else socket.destroy()
      } catch {
        // A connection of another program, which ended before it sent a token.
        socket.destroy()
      }
    })
  })
}

/** Passes the JVM's log on, and keeps the last lines that are no frames of stack traces: those name what is wrong. */
function logOf({ stderr }: ChildProcess, logger: Logger): string[] {
  const log: string[] = []
  createInterface({ input: stderr! }).on('line', (line) => {
    logger.debug(`spark: ${line}`)
    if (STACK_FRAME.test(line)) return
    log.push(line)
    if (log.length > SHOWN_LINES) log.shift()
  })
  return log
}

/** Rejects once the process has exited, and never resolves. */
function exited(child: ChildProcess): Promise<never> {
  const text = () => new Error(`java exited with ${child.exitCode ?? child.signalCode}`)
  if (child.exitCode !== null || child.signalCode !== null) return Promise.reject(text())
  return new Promise((_, reject) => {
    child.once('exit', () => reject(text()))
    child.once('error', reject)
  })
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}

function notStarted(cause: Error, log: readonly string[]): StateError {
  const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
  const advice = missing ? 'Install Java 17 and set JAVA_HOME.' : 'The last lines of its log:'
  const shown = missing ? '' : `\n${log.join('\n')}`
  const error = new StateError(`Spark did not start: ${cause.message}. ${advice}${shown}`, { log: [...log] })
  error.cause = cause
  return error
}
