import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { machineMs } from '../machine.mjs'
import { cpuMs, cpuMsBelow, peakRssMb } from './proc.mjs'

/*
 * One system at one workload: a process that waits for requests. A line `go <iterations>` requests work; the process
 * answers with a line `@` and an object `{ ms: [of each iteration], answer, ... }`. It ends when its input ends.
 * Contenders can therefore be started and warmed up once, and then take turns.
 */

const MARK = '@'
const LAST_WORDS = 20_000
/** Processor time is counted in steps of 10 ms: over a shorter time, the share of other processes is unknown. */
const SHORT_MS = 100
/** How long a contender may take to end by itself. */
const FAREWELL_MS = 5000

export class ContenderFailed extends Error {}

export class Contender {
  id
  #child
  #startedAt = performance.now()
  #said = []
  #asked = []
  #stderr = ''
  #end
  #ended
  #beside

  /** `beside`: other processes that work for it in its turn, with all that they start. */
  constructor(id, { command, args, env, cwd, beside }) {
    this.id = id
    this.#beside = beside
    this.#child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] })
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      if (line.startsWith(MARK)) this.#hear(line.slice(MARK.length))
      else this.#keep(`${line}\n`)
    })
    this.#child.stderr.setEncoding('utf8').on('data', (text) => this.#keep(text))
    // The exit event reports a contender that dies; later writes to it fail silently.
    this.#child.stdin.on('error', () => {})
    this.#ended = new Promise((resolve) => {
      const end = (how) => {
        this.#end ??= new ContenderFailed(`${how}${this.#stderr === '' ? '' : `: ${brief(this.#stderr)}`}`)
        for (const { reject } of this.#asked.splice(0)) reject(this.#end)
        resolve()
      }
      this.#child.once('error', (error) => end(`cannot be started (${error.message})`))
      this.#child.once('close', (code, signal) => end(`ended with ${signal ?? `code ${code}`}`))
    })
  }

  /** Requests `iterations` and returns the answer of the process, with the turn's wall and processor time. */
  async turn(iterations, limitMs) {
    const wall = performance.now()
    const own = this.#cpuMs()
    const here = process.cpuUsage()
    const machine = machineMs()
    this.#child.stdin.write(`go ${iterations}\n`)
    const said = await this.#next(limitMs)
    const wallMs = performance.now() - wall
    const ownMs = this.#cpuMs() - own
    const { user, system } = process.cpuUsage(here)
    const foreignMs = machineMs() - machine - ownMs - (user + system) / 1000
    return {
      ...said,
      wallMs,
      cpuMs: ownMs,
      foreignCores: wallMs < SHORT_MS ? Number.NaN : Math.max(0, foreignMs / wallMs),
    }
  }

  get ageMs() {
    return performance.now() - this.#startedAt
  }

  get peakRssMb() {
    return this.#beside ? Number.NaN : peakRssMb(this.#child.pid)
  }

  /** Ends the process, by force if it does not end by itself. */
  async stop() {
    this.#child.stdin.end()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), FAREWELL_MS)
    await this.#ended
    clearTimeout(timer)
  }

  #cpuMs() {
    return this.#beside ? cpuMsBelow([this.#child.pid, ...this.#beside]) : cpuMs(this.#child.pid)
  }

  #next(limitMs) {
    if (this.#said.length > 0) return Promise.resolve(this.#said.shift())
    if (this.#end) return Promise.reject(this.#end)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#end = new ContenderFailed(`did not answer within ${limitMs / 1000} s`)
        this.#child.kill('SIGKILL')
      }, limitMs)
      const done = (settle) => (value) => {
        clearTimeout(timer)
        settle(value)
      }
      this.#asked.push({ resolve: done(resolve), reject: done(reject) })
    })
  }

  #hear(text) {
    let said
    try {
      said = JSON.parse(text)
    } catch (error) {
      this.#keep(`${error.message} in: ${text}\n`)
      this.#child.kill('SIGKILL')
      return
    }
    const asked = this.#asked.shift()
    if (asked) asked.resolve(said)
    else this.#said.push(said)
  }

  #keep(text) {
    this.#stderr = (this.#stderr + text).slice(-LAST_WORDS)
  }
}

/** Returns the most informative line of an output: the first with an error in it, or the last. */
function brief(text) {
  const lines = text.trim().split('\n')
  const says = (line) => /error|exception/i.test(line) && !/^\s*at /.test(line)
  return (lines.findLast((line) => /^Caused by/.test(line)) ?? lines.find(says) ?? lines.at(-1)).trim().slice(0, 300)
}
